/** Formats times in the site's time zone, in the language of the interface. */
export class Clock {
  /**
   * @param {string} language
   * @param {string} timeZone an IANA name, such as `Africa/Casablanca`
   */
  constructor(language, timeZone) {
    // The same digits in all languages, as in the newspapers of the Maghreb.
    const locale = new Intl.Locale(language, { numberingSystem: "latn" });
    /** @param {Intl.DateTimeFormatOptions} options */
    const format = (options) => new Intl.DateTimeFormat(locale, { timeZone, hourCycle: "h23", ...options });
    this.hour = format({ hour: "2-digit", minute: "2-digit" });
    this.day = format({ day: "numeric", month: "short" });
    this.day_of_year = format({ day: "numeric", month: "short", year: "numeric" });
    this.date = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
    this.full = format({ day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" });
    // Only compared, never shown.
    this.calendar = new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" });
  }

  /** The calendar day that it is now, for comparison. */
  get today() {
    return this.calendar.format(new Date());
  }

  /**
   * The time of day for today (`14:00`), with the date before it for other days (`26 nov. 14:00`), and the date alone for other years.
   *
   * @param {Date} time
   */
  short(time) {
    const [day, today] = [this.calendar.format(time), this.today];
    if (day.slice(0, 4) !== today.slice(0, 4)) return this.day_of_year.format(time);
    const hour = this.hour.format(time);
    return day === today ? hour : `${this.day.format(time)} ${hour}`;
  }

  /**
   * Puts a time into its element, which `refresh` finds again.
   *
   * @param {HTMLTimeElement} element
   * @param {string | null} time RFC 3339
   */
  fill(element, time) {
    if (time === null) return;
    element.dateTime = time;
    element.dataset["short"] = "";
    element.textContent = this.short(new Date(time));
  }

  /**
   * Formats all short times below an element again: at midnight, today's lines become yesterday's.
   *
   * @param {ParentNode} root
   */
  refresh(root) {
    for (const element of root.querySelectorAll("time[data-short]")) {
      if (element instanceof HTMLTimeElement) this.fill(element, element.dateTime);
    }
  }
}
