/** Blocks of addresses that no Service can have, and what they are. They are those of RFC 6890, RFC 4291 §2.4 and RFC 5771. */
export const reservedBlocks: readonly (readonly [block: string, what: string])[] = [
  ["0.0.0.0/8", "this network, no host"],
  ["127.0.0.0/8", "loopback"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255", "broadcast"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["fe80::/10", "link-local: a client cannot tell the interface"],
  ["ff00::/8", "multicast"],
];

/** What is wrong with a pool that holds such addresses, after the text of those that it holds. */
export const reservedProblem = (shared: string, what: string): string =>
  `${shared} can belong to no Service (${what}); take it out, or put it into exclude`;
