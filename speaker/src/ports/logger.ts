/** Where log lines go. `fields` is one event: its name and plain JSON values; `message` is the reason in words. */
export interface Logger {
  debug(fields: object, message?: string): void;
  info(fields: object, message?: string): void;
  warn(fields: object, message?: string): void;
  error(fields: object, message?: string): void;
  /** Whether lines of a level are kept; a logger that does not say keeps all. */
  isLevelEnabled?(level: string): boolean;
  /** Calls back when that has changed. */
  onLevel?(listener: () => void): void;
}
