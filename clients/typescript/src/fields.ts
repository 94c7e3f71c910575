/** What `T` consists of: the elements of a list, an object that may be null. */
type Inner<T> = NonNullable<T> extends readonly (infer Element)[] ? Element : NonNullable<T>;

type KeysBelow<T> = T extends object ? keyof T & string : never;

/** The names that `fields` takes for `T`: `title`, `category`, `category.slug`. */
export type FieldOf<T> = {
  [Key in keyof T & string]: Key | `${Key}.${KeysBelow<Inner<T[Key]>>}`;
}[keyof T & string];

/** The field itself, before the dot. */
type Head<Field extends string> = Field extends `${infer Key}.${string}` ? Key : Field;
/** What is selected below a field. */
type Tail<Field extends string, Key extends string> = Field extends `${Key}.${infer Rest}` ? Rest : never;

type Narrow<T, Names extends string> = T extends readonly (infer Element)[]
  ? Narrow<Element, Names>[]
  : T extends object
    ? Pick<T, Names & keyof T>
    : T;

/** `T` with the selected fields alone. `id` and `type` are always there. */
export type Selected<T, Field extends string> = {
  [Key in keyof T & string as Key extends Head<Field> | "id" | "type" ? Key : never]: [Tail<Field, Key>] extends [never]
    ? T[Key]
    : Key extends Field
      ? T[Key]
      : Narrow<T[Key], Tail<Field, Key>>;
};
