/** Octets that do not say what they should. Thrown inside codecs, caught where a whole message is decoded; nothing above sees it. */
export class DecodeError extends Error {
  /** Where, in octets from the start of what was being read. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = "DecodeError";
    this.offset = offset;
  }
}
