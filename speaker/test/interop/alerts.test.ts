import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { stringify } from "yaml";
import { type Alert, alerts, ruleFile } from "../../src/metrics/alerts.ts";
import { dashboards } from "../../src/metrics/dashboards.ts";

/** Alerts and dashboards as Prometheus (promtool 2.42 of Debian 12) understands them: each alert fires in its scenario, and clears after it. */

/** Values of a series, one every 15 seconds, in promtool's notation. */
interface Scenario {
  readonly series: Readonly<Record<string, string>>;
  /** When it fires, and when it is over, in minutes. */
  readonly fires: number;
  readonly clears: number;
  /** The labels of the alert, besides its severity. */
  readonly labels?: Readonly<Record<string, string>>;
}

const speaker = 'instance="node1:7475"';
const other = 'instance="node2:7475"';
const peer = `peer="router",address="172.30.0.1",${speaker}`;
const onPeer = { peer: "router", address: "172.30.0.1", instance: "node1:7475" };
/** Bad for twenty minutes, then good for an hour. */
const badThenGood = (bad: number, good: number): string => `${bad}x79 ${good}x240`;

const scenarios: Readonly<Record<string, Scenario>> = {
  BerthNoController: {
    series: {
      'berth_controller_is_leader{instance="a"}': badThenGood(0, 1),
      'berth_controller_is_leader{instance="b"}': "0x320",
    },
    fires: 2,
    clears: 21,
  },
  BerthSeveralLeaders: {
    series: {
      'berth_controller_is_leader{instance="a"}': "1x320",
      'berth_controller_is_leader{instance="b"}': badThenGood(1, 0),
    },
    fires: 2,
    clears: 21,
  },
  BerthReconcileFails: {
    series: { 'berth_controller_reconcile_failures_total{instance="a"}': "0+1x79 80x240" },
    labels: { instance: "a" },
    fires: 8,
    clears: 30,
  },
  BerthNotSynced: {
    series: { [`berth_synced{${speaker},component="speaker"}`]: badThenGood(0, 1) },
    labels: { instance: "node1:7475", component: "speaker" },
    fires: 6,
    clears: 21,
  },
  BerthServiceWaiting: {
    series: { 'berth_services_waiting{reason="EipFull",instance="a"}': badThenGood(2, 0) },
    labels: { reason: "EipFull" },
    fires: 6,
    clears: 21,
  },
  BerthAddressNotAnnounced: {
    series: {
      [`berth_address_wanted{address="192.0.2.1",protocol="bgp",${speaker}}`]: "1x320",
      [`berth_address_announced{address="192.0.2.1",protocol="bgp",${speaker}}`]: badThenGood(0, 1),
      [`berth_address_wanted{address="192.0.2.2",protocol="layer2",${speaker}}`]: "1x320",
      [`berth_address_announced{address="192.0.2.2",protocol="layer2",${speaker}}`]: "0x320",
      [`berth_address_announced{address="192.0.2.2",protocol="layer2",${other}}`]: "1x320",
    },
    labels: { address: "192.0.2.1" },
    fires: 2,
    clears: 21,
  },
  BerthNoEndpoint: {
    series: {
      [`berth_address_wanted{address="192.0.2.1",protocol="layer2",${speaker}}`]: "1x320",
      [`berth_address_announced{address="192.0.2.1",protocol="layer2",${speaker}}`]: badThenGood(0, 1),
      [`berth_address_refused{address="192.0.2.1",protocol="layer2",reason="NoEndpoint",${speaker}}`]: "1x79 stale",
    },
    labels: { address: "192.0.2.1" },
    fires: 16,
    clears: 21,
  },
  BerthAddressConflict: {
    series: { [`berth_address_conflict{address="192.0.2.1",mac="02:00:00:00:00:09",${speaker}}`]: "1x79 stale" },
    labels: { address: "192.0.2.1", mac: "02:00:00:00:00:09" },
    fires: 1,
    clears: 21,
  },
  BerthSeveralOwners: {
    series: {
      [`berth_address_announced{address="192.0.2.1",protocol="layer2",${speaker}}`]: "1x320",
      [`berth_address_announced{address="192.0.2.1",protocol="layer2",${other}}`]: badThenGood(1, 0),
      [`berth_address_announced{address="192.0.2.9",protocol="bgp",${speaker}}`]: "1x320",
      [`berth_address_announced{address="192.0.2.9",protocol="bgp",${other}}`]: "1x320",
    },
    labels: { address: "192.0.2.1" },
    fires: 3,
    clears: 21,
  },
  BerthFramesLost: {
    series: { [`berth_layer2_dropped_frames_total{reason="Overrun",${speaker}}`]: "0+5x79 400x240" },
    labels: { reason: "Overrun", instance: "node1:7475" },
    fires: 8,
    clears: 30,
  },
  BerthSpeakerMissing: {
    series: { 'berth_speakers_ready{instance="a"}': badThenGood(2, 3), 'berth_speakers_wanted{instance="a"}': "3x320" },
    fires: 6,
    clears: 21,
  },
  BerthPoolNotInUse: {
    series: {
      'berth_pool_wanted{eip="lan",instance="a"}': "1x320",
      'berth_pool_in_use{eip="lan",instance="a"}': badThenGood(0, 1),
      'berth_pool_wanted{eip="off",instance="a"}': "0x320",
      'berth_pool_in_use{eip="off",instance="a"}': "0x320",
    },
    labels: { eip: "lan" },
    fires: 6,
    clears: 21,
  },
  BerthPoolFull: {
    series: {
      'berth_pool_addresses_used{eip="lan",instance="a"}': badThenGood(10, 5),
      'berth_pool_addresses{eip="lan",instance="a"}': "10x320",
    },
    labels: { eip: "lan" },
    fires: 2,
    clears: 21,
  },
  BerthPoolAlmostFull: {
    series: {
      'berth_pool_addresses_used{eip="lan",instance="a"}': badThenGood(9, 10),
      'berth_pool_addresses{eip="lan",instance="a"}': "10x320",
    },
    labels: { eip: "lan" },
    fires: 11,
    clears: 21,
  },
  BerthConfigurationRefused: {
    series: { 'berth_objects_refused{kind="BgpPeer",instance="a"}': badThenGood(1, 0) },
    labels: { kind: "BgpPeer" },
    fires: 6,
    clears: 21,
  },
  BerthBgpAllSessionsDown: {
    series: { [`berth_bgp_session_wanted{${peer}}`]: "1x320", [`berth_bgp_session_up{${peer}}`]: badThenGood(0, 1) },
    fires: 2,
    clears: 21,
  },
  BerthBgpSessionDown: {
    series: {
      [`berth_bgp_session_wanted{${peer}}`]: "1x320",
      [`berth_bgp_session_up{${peer}}`]: badThenGood(0, 1),
      [`berth_bgp_session_wanted{peer="held",address="172.30.0.9",${speaker}}`]: "0x320",
      [`berth_bgp_session_up{peer="held",address="172.30.0.9",${speaker}}`]: "0x320",
    },
    labels: onPeer,
    fires: 2,
    clears: 21,
  },
  BerthBgpSessionFlaps: {
    series: { [`berth_bgp_session_flaps_total{${peer}}`]: "0+1x40 40x280" },
    labels: onPeer,
    fires: 9,
    clears: 30,
  },
  BerthBfdDown: {
    series: { [`berth_bfd_session_up{${peer}}`]: badThenGood(0, 1) },
    labels: onPeer,
    fires: 2,
    clears: 21,
  },
  BerthApiServerErrors: {
    series: {
      [`berth_kubernetes_requests_total{method="PATCH",code="none",${speaker}}`]: "0+3x79 240x240",
      [`berth_build_info{version="0.1.0",component="speaker",${speaker}}`]: "1x320",
    },
    labels: { component: "speaker" },
    fires: 13,
    clears: 30,
  },
};

const filled = (text: string, labels: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "");

function testOf(alert: Alert, { series, fires, clears, labels = {} }: Scenario): object {
  const expected = {
    exp_labels: { severity: alert.severity, ...labels },
    exp_annotations: { summary: filled(alert.summary, labels), description: filled(alert.description, labels) },
  };
  return {
    interval: "15s",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      { eval_time: `${fires}m`, alertname: alert.name, exp_alerts: [expected] },
      { eval_time: `${clears}m`, alertname: alert.name, exp_alerts: [] },
    ],
  };
}

describe("alert rules, in Prometheus's own hands", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-alerts-"));
  after(() => rmSync(directory, { recursive: true, force: true }));
  const promtool = (...args: readonly string[]): void => {
    const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8", cwd: directory });
    assert.equal(status, 0, `${stdout ?? ""}${stderr ?? "promtool is not there; npm run lab -- setup"}`);
  };
  writeFileSync(join(directory, "rules.yaml"), stringify(ruleFile(), { lineWidth: 0 }));

  it("are rules that Prometheus reads", () => promtool("check", "rules", "rules.yaml"));
  it("are queries of dashboards that Prometheus reads", () => {
    const queries = dashboards.flatMap(({ rows }) => rows.flat().flatMap((panel) => panel.queries.map(({ expr }) => expr)));
    const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
    writeFileSync(join(directory, "queries.yaml"), stringify({ groups: [{ name: "queries", rules }] }, { lineWidth: 0 }));
    promtool("check", "rules", "queries.yaml");
  });
  it("have a scenario each", () => {
    assert.deepEqual(Object.keys(scenarios).sort(), alerts.map(({ name }) => name).sort());
  });
  for (const alert of alerts)
    it(`${alert.name} fires in its scenario, and clears after it`, () => {
      const scenario = scenarios[alert.name] ?? assert.fail("it has no scenario");
      const file = `${alert.name}.yaml`;
      const test = { rule_files: ["rules.yaml"], evaluation_interval: "15s", tests: [testOf(alert, scenario)] };
      writeFileSync(join(directory, file), stringify(test, { lineWidth: 0 }));
      promtool("test", "rules", file);
    });
});
