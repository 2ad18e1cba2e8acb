# Types into an interactive zsh as a person does, and prints "completed" when Tab has completed commands, and a Service of the cluster.
# Run by cli.test.ts: `berth` is on PATH, and the cluster has the Service default/web.
zmodload zsh/zpty
zpty shell zsh -f -i
typeset seen=
enter() { seen=; zpty -w -n shell "$1" }
expect() {
  local chunk
  local -i end=$(( SECONDS + 120 ))
  while [[ $seen != *"$1"* ]]; do
    (( SECONDS < end )) || { print -u2 "zsh did not show $1 but: $seen"; exit 1 }
    if zpty -r -t shell chunk; then seen+=$chunk; else sleep 0.1; fi
  done
}
enter $'PS1=; autoload -Uz compinit; compinit -u -D; source <(berth completion zsh); echo re""ady\n'
expect ready
enter $'berth expl\t'
expect explain
enter $'serv\t'
expect service
enter $'def\t'
expect default/web
print completed
