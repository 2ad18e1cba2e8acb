import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parsePolicy } from "./parse.ts";

const applied =
  '[global.apply-policy.config]\nexport-policy-list = ["p"]\n[[policy-definitions]]\nname = "p"\n[[policy-definitions.statements]]\n';
const actions = "[policy-definitions.statements.actions.bgp-actions]\n";

describe("a GoBGP policy that cannot be taken", () => {
  const refusals: readonly (readonly [name: string, text: string, problem: RegExp])[] = [
    ["no TOML", "a = ", /^gobgp\.conf is not TOML: line 1, column \d+: /],
    [
      "a section of GoBGP's that is no policy",
      "[[neighbors]]\n[neighbors.config]\nneighbor-address = '1.2.3.4'\n",
      /^neighbors is not translated; only global\.apply-policy/,
    ],
    [
      "an unknown action",
      `${applied}${actions}set-origin = "igp"\n`,
      /^policy-definitions\[0\]\.statements\[0\]\.actions\.bgp-actions\.set-origin is not translated; take it away$/,
    ],
    [
      "an extended community",
      `${applied}${actions}set-ext-community = { options = "ADD" }\n`,
      /set-ext-community is not translated/,
    ],
    [
      "an unknown condition",
      `${applied}[policy-definitions.statements.conditions.bgp-conditions]\nas-path-length = { operator = "eq", value = 1 }\n`,
      /bgp-conditions\.as-path-length is not translated/,
    ],
    [
      "a regular expression",
      '[[defined-sets.bgp-defined-sets.community-sets]]\ncommunity-set-name = "c"\ncommunity-list = ["^65000:.*$"]\n',
      /community-list\[0\] "\^65000:\.\*\$" is not a community such as 65000:100 \(regular expressions are not translated\)$/,
    ],
    [
      "a next hop other than self",
      `${applied}${actions}set-next-hop = "10.0.0.1"\n`,
      /set-next-hop "10\.0\.0\.1" is not translated; only "self" is$/,
    ],
    [
      "a MED that is no number",
      `${applied}${actions}set-med = "much"\n`,
      /set-med "much" is not a number, or one to add or take away/,
    ],
    [
      "a set that is not defined",
      `${applied}[policy-definitions.statements.conditions.match-prefix-set]\nprefix-set = "x"\n`,
      /match-prefix-set\.prefix-set "x" is not defined; there are none$/,
    ],
    [
      "a policy list with an unknown name",
      '[global.apply-policy.config]\nexport-policy-list = ["q"]\n',
      /export-policy-list "q" is no policy; there are none$/,
    ],
    [
      "a policy that nothing applies",
      '[[policy-definitions]]\nname = "p"\n',
      /^policy-definitions: "p": nothing applies them; name them in global\.apply-policy\.config\.export-policy-list$/,
    ],
  ];
  for (const [name, text, problem] of refusals) {
    it(`is refused whole, with what is wrong: ${name}`, () => {
      const parsed = parsePolicy(text);
      assert.deepEqual(parsed.policy.stages, []);
      assert.ok(
        parsed.problems.some((said) => problem.test(said)),
        parsed.problems.join("\n"),
      );
    });
  }
});

describe("a GoBGP policy that can be taken", () => {
  it("has its statements in order, import before export", () => {
    const text = `
[global.apply-policy.config]
import-policy-list = ["in"]
export-policy-list = ["out", "more"]
default-export-policy = "reject-route"
[[policy-definitions]]
name = "in"
[[policy-definitions.statements]]
[policy-definitions.statements.actions.bgp-actions]
set-next-hop = "self"
[[policy-definitions]]
name = "out"
[[policy-definitions.statements]]
[policy-definitions.statements.actions]
route-disposition = "accept-route"
[[policy-definitions]]
name = "more"
`;
    const { policy, problems } = parsePolicy(text);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      policy.stages.map(({ steps, otherwise }) => [
        steps.map(({ name, disposition }) => `${name} ${disposition ?? ""}`),
        otherwise,
      ]),
      [
        [["in/1 "], "accept"],
        [["out/1 accept"], "reject"],
      ],
    );
  });
  it("may be empty", () => assert.deepEqual(parsePolicy(""), { policy: { stages: [] }, problems: [] }));
});
