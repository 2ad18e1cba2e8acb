/** Completion of the command line: what may come next, worked out from the commands themselves. Pure. */

/** A command, as completion sees it. */
export interface CommandShape {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly CommandShape[];
  readonly options: readonly OptionShape[];
  /** What each argument may be. */
  readonly arguments: readonly ArgumentShape[];
}

interface OptionShape {
  /** With its dashes, such as --json. */
  readonly flag: string;
  readonly description: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

interface ArgumentShape {
  readonly name: string;
  readonly choices: readonly string[];
}

/** One thing that may come next. */
export interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** What may come next: words that are known, and the name of what only the cluster knows, such as "node". */
export interface Completions {
  readonly candidates: readonly Candidate[];
  readonly fromCluster: string | undefined;
}

/**
 * What may stand where the last word stands.
 * @param words after the program's name; the last one is being written and may be empty
 */
export function complete(program: CommandShape, words: readonly string[]): Completions {
  const current = words.at(-1) ?? "";
  let command = program;
  let seen = 0;
  let expecting: OptionShape | undefined;
  for (const word of words.slice(0, -1)) {
    if (expecting !== undefined) {
      expecting = undefined;
      continue;
    }
    const option = command.options.find(({ flag }) => flag === word);
    if (option !== undefined) {
      expecting = option.takesValue ? option : undefined;
      continue;
    }
    if (word.startsWith("-")) continue;
    const next = command.commands.find(({ name }) => name === word);
    if (next === undefined) seen++;
    else [command, seen] = [next, 0];
  }
  const plain = (list: readonly string[]): Candidate[] => list.map((word) => ({ word, description: "" }));
  const starting = (list: readonly Candidate[]): Candidate[] => list.filter(({ word }) => word.startsWith(current));
  if (expecting !== undefined) {
    const name = expecting.flag.replace(/^--/, "");
    return { candidates: starting(plain(expecting.choices)), fromCluster: expecting.choices.length > 0 ? undefined : name };
  }
  if (current.startsWith("-"))
    return {
      candidates: starting(command.options.map(({ flag, description }) => ({ word: flag, description }))),
      fromCluster: undefined,
    };
  const argument = command.arguments[seen];
  const subcommands = command.commands.map(({ name, description }) => ({ word: name, description }));
  return {
    candidates: starting([...subcommands, ...plain(argument?.choices ?? [])]),
    fromCluster: argument === undefined || argument.choices.length > 0 ? undefined : argument.name,
  };
}

/** The shells that are known. */
export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** The hidden command that the scripts ask: one candidate a line, its description after a tab. */
export const completeCommand = "__complete";

/** What a shell must run so that `berth` is completed. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case "bash":
      return `# bash completion for berth. Once: source <(berth completion bash)
_berth() {
  local IFS=$'\\n' line
  COMPREPLY=()
  while IFS= read -r line; do
    [ -n "$line" ] && COMPREPLY+=("\${line%%$'\\t'*}")
  done < <("\${COMP_WORDS[0]}" ${completeCommand} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _berth berth kubectl-berth
`;
    case "zsh":
      return `#compdef berth kubectl-berth
# zsh completion for berth. Once: source <(berth completion zsh)
_berth() {
  local line
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" ${completeCommand} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n "$line" ]] && candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe berth candidates
}
(( $+functions[compdef] )) && compdef _berth berth kubectl-berth
`;
    case "fish":
      return `# fish completion for berth. Once: berth completion fish | source
function __berth_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] ${completeCommand} -- $words[2..] 2>/dev/null
end
complete -c berth -f -a '(__berth_complete)'
complete -c kubectl-berth -f -a '(__berth_complete)'
`;
    default:
      return shell satisfies never;
  }
}
