// Compiled, never run: what the types allow and refuse.
import { createClient, isProblem, type Listed, type Schemas } from "../src/index.js";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function is<_ extends true>(): void {}

export async function check(): Promise<void> {
  const client = createClient({ url: "http://127.0.0.1:8080" });
  is<Equal<Listed<"/v1/headlines">, Schemas["Headline"]>>();

  const whole = await client.headlines.list();
  const title: string = whole.items[0]!.title;
  const some = await client.headlines.list({ limit: 2, fields: ["title", "article.slug"] });
  const item = some.items[0]!;
  const slug: string | undefined = item.article?.slug;
  const id: string = item.id;
  // @ts-expect-error a field that was not asked for
  item.priority;
  // @ts-expect-error a field below one that was not asked for
  item.article?.title;
  // @ts-expect-error an unknown field
  await client.headlines.list({ fields: ["headline"] });
  // @ts-expect-error an unknown filter
  await client.headlines.list({ colour: "red" });
  const named = await client.articles.list({ fields: ["authors.name"] });
  const names: string[] = named.items.flatMap((article) => article.authors.map((author) => author.name));

  await client.headlines.create({ title: "x", language: "fr" });
  // @ts-expect-error the title is missing
  await client.headlines.create({ language: "fr" });
  await client.headlines.update("x", { source: null });
  // @ts-expect-error a title can't be cleared
  await client.headlines.update("x", { title: null });

  const { items } = await client.search({ q: "port" });
  for (const hit of items) {
    const found: string = hit.type === "article" ? hit.article.slug : hit.headline.id;
    void found;
  }
  try {
    await client.tags.delete("x");
  } catch (error) {
    // @ts-expect-error an unknown problem
    isProblem(error, "/problems/none");
    if (isProblem(error, "/problems/precondition-failed")) void error.problem.current?.etag;
  }
  void [title, slug, id, names];
}
