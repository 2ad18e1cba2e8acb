/** A table of a TOML document that is read key by key; what was not asked for is a problem in the end. */
export class Table {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #path: string;
  readonly #problems: string[];
  readonly #asked = new Set<string>();

  /** @param path how the table is named in problems; "" for the document */
  constructor(value: unknown, path: string, problems: string[]) {
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isTable) problems.push(`${path} is not a table`);
    this.#fields = isTable ? (value as Readonly<Record<string, unknown>>) : {};
    this.#path = path;
    this.#problems = problems;
  }

  problem(key: string, what: string): void {
    this.#problems.push(`${this.#pathOf(key)} ${what}`);
  }

  /** A table in this one; undefined when it is not there. */
  table(key: string): Table | undefined {
    const value = this.#take(key);
    return value === undefined ? undefined : new Table(value, this.#pathOf(key), this.#problems);
  }

  /** The tables of an array of tables. */
  tables(key: string): Table[] {
    const value = this.#take(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.problem(key, "is not an array of tables");
      return [];
    }
    return value.map((item, index) => new Table(item, `${this.#pathOf(key)}[${index}]`, this.#problems));
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    this.problem(key, "is not a text");
    return undefined;
  }

  /** A text that is read as something; what cannot be read is a problem. */
  value<T>(key: string, read: (text: string) => T | undefined, what: string): T | undefined {
    const text = this.text(key);
    const result = text === undefined ? undefined : read(text);
    if (text !== undefined && result === undefined) this.problem(key, `"${text}" is not ${what}`);
    return result;
  }

  /** An array of texts, each of which is read as something. */
  values<T>(key: string, read: (text: string) => T | undefined, what: string): T[] {
    const value = this.#take(key);
    if (value === undefined) return [];
    if (!Array.isArray(value)) {
      this.problem(key, "is not an array");
      return [];
    }
    return value.flatMap((item: unknown, index) => {
      const result = typeof item === "string" ? read(item) : undefined;
      if (result === undefined) this.problem(`${key}[${index}]`, `${JSON.stringify(item)} is not ${what}`);
      return result === undefined ? [] : [result];
    });
  }

  number(key: string, lowest: number, highest: number): number | undefined {
    return this.value(
      key,
      (text) => (/^\d{1,10}$/.test(text) && Number(text) >= lowest && Number(text) <= highest ? Number(text) : undefined),
      `a number from ${lowest} to ${highest}`,
    );
  }

  /** One of several words, in any case. */
  word<T>(key: string, words: Readonly<Record<string, T>>): T | undefined {
    const text = this.text(key)?.toLowerCase();
    if (text === undefined || text in words) return text === undefined ? undefined : words[text];
    this.problem(key, `"${text}" is not one of ${Object.keys(words).join(", ")}`);
    return undefined;
  }

  /** What a set of that name holds. */
  named<T>(key: string, sets: ReadonlyMap<string, T>): T | undefined {
    const name = this.text(key) ?? "";
    const found = sets.get(name);
    if (found === undefined) this.problem(key, `"${name}" is not defined; there are ${[...sets.keys()].join(", ") || "none"}`);
    return found;
  }

  /** Every key that nobody asked for is a problem. */
  end(remedy = "take it away"): void {
    for (const key of Object.keys(this.#fields)) if (!this.#asked.has(key)) this.problem(key, `is not translated; ${remedy}`);
  }

  #take(key: string): unknown {
    this.#asked.add(key);
    return this.#fields[key];
  }

  #pathOf(key: string): string {
    return this.#path === "" ? key : `${this.#path}.${key}`;
  }
}
