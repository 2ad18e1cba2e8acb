/** What the measuring process can be told. All times are milliseconds of the machine's monotonic clock. */
export type Command =
  /** Receivers that wait for the router's connections. */
  | { readonly type: "listen"; readonly count: number; readonly as: number; readonly holdTime: number }
  /** Receivers that connect; answers when all sessions are up. */
  | {
      readonly type: "dial";
      readonly count: number;
      readonly as: number;
      readonly holdTime: number;
      readonly milliseconds: number;
    }
  | { readonly type: "allUp"; readonly milliseconds: number }
  /** One more peer, which brings routes. */
  | { readonly type: "dialFeeder"; readonly as: number; readonly milliseconds: number }
  /** Counters to nothing; room for a table of a size. */
  | { readonly type: "reset"; readonly size: number; readonly keepsTimes: boolean }
  | {
      readonly type: "feed";
      readonly from: number;
      readonly to: number;
      readonly isWithdrawal: boolean;
      readonly as: number;
    }
  /** Answers when every receiver but some holds so many hosts. */
  | { readonly type: "held"; readonly count: number; readonly milliseconds: number; readonly except: readonly number[] }
  | {
      readonly type: "churn";
      readonly from: number;
      readonly perSecond: number;
      readonly seconds: number;
      readonly as: number;
    }
  | { readonly type: "times"; readonly index: number; readonly from: number; readonly to: number }
  | { readonly type: "redial"; readonly index: number; readonly milliseconds: number }
  | { readonly type: "close" | "pause" | "resume"; readonly index: number }
  /** Asks for the table over the feeder's session; answers when its end mark came, so that everything before was taken. */
  | { readonly type: "refresh"; readonly milliseconds: number }
  | { readonly type: "facts" };

/** What it answers. */
export interface Answers {
  readonly listen: null;
  readonly dial: { readonly started: number; readonly up: number };
  readonly allUp: { readonly started: number; readonly up: number };
  readonly dialFeeder: null;
  readonly reset: null;
  readonly feed: { readonly started: number };
  readonly held: { readonly at: number; readonly updates: number; readonly octets: number };
  readonly churn: { readonly sentAt: readonly number[] };
  readonly times: { readonly changedAt: readonly number[] };
  readonly redial: null;
  readonly close: null;
  readonly pause: null;
  readonly resume: null;
  readonly refresh: { readonly at: number };
  readonly facts: {
    readonly receivers: readonly {
      readonly isUp: boolean;
      readonly downs: number;
      readonly heldCount: number;
      readonly longestSilence: number;
      readonly updates: number;
    }[];
    readonly feederDowns: number;
  };
}
