/** How one neighbour is watched, in milliseconds and packets. */
export interface LivenessOptions {
  /** The shortest pause between packets of the neighbour that we can take. */
  readonly receiveInterval: number;
  /** The pause between our packets that we wish for. */
  readonly transmitInterval: number;
  /** After so many missing packets the neighbour is down. */
  readonly detectMultiplier: number;
  /** Say nothing before the neighbour does. */
  readonly isPassive: boolean;
  /** More than one hop: packets with a lower TTL are dropped. Undefined: one hop, and the TTL must be 255. */
  readonly minimumTtl: number | undefined;
}
