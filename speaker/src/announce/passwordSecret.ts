import type { BgpPeer } from "@berth/api/bgpPeer";

/** Where a BgpPeer has its password, in a Secret of Berth's namespace. */
export interface PasswordSecret {
  readonly name: string;
  readonly key: string;
}

/** The Secret that a BgpPeer names; undefined when it names none. */
export function passwordSecretOf({ spec }: BgpPeer): PasswordSecret | undefined {
  const { passwordSecretRef } = spec.conf;
  return passwordSecretRef === undefined ? undefined : { name: passwordSecretRef.name, key: passwordSecretRef.key || "password" };
}

/** What a node reports of a peer whose Secret has no password for it. By this sentence it is known again: who explains may not read Secrets. */
export function noPasswordIn({ name, key }: PasswordSecret): string {
  return `spec.conf.passwordSecretRef: there is no Secret "${name}" with the key "${key}" in Berth's namespace`;
}
