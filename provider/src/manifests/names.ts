/** Names and labels of what the package installs. */

export const defaultNamespace = "berth-system";
export const speakerPort = 7472;
export const controllerPort = 7473;
export const consolePort = 7474;
/** Of speakers, with TLS and sign-in: /metrics and /state. */
export const speakerMetricsPort = 7475;

/** The labels of everything that belongs to Berth, and of one of its parts. */
export function labels(component?: "controller" | "speaker"): Record<string, string> {
  return { "app.kubernetes.io/name": "berth", ...(component === undefined ? {} : { "app.kubernetes.io/component": component }) };
}

/** The labels of Berth's namespace: its speakers need the node's network, which Pod Security Admission allows to privileged pods alone. */
export function namespaceLabels(): Record<string, string> {
  return { ...labels(), "pod-security.kubernetes.io/enforce": "privileged" };
}
