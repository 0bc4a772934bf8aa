# Two nodes and a Consul on loopback, for scripts/demo and scripts/bench, which source this. All their files are in one
# temporary directory; processes and files go when the script that sourced this ends, however it ends.
# shellcheck shell=bash
# shellcheck disable=SC2034  # What a function puts into a variable is for those scripts.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/build/release/proxysql-consul
standin=$root/build/release/tests/proxysql_standin
work=
pids=()
declare -A admin_port  # of each node
declare -A session_in  # descriptors of its open session
declare -A session_out

say() { printf '%s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Ends what was started, and what that started: each is the leader of a process group of its own.
end_all() {
  local status=$? pid i
  trap '' INT TERM HUP
  set +e
  for pid in "${pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null; done
  for pid in "${pids[@]}"; do
    for ((i = 0; i < 100; ++i)); do
      kill -0 -- "-$pid" 2>/dev/null || break
      # What it started is no child of this shell, so there is nothing to wait for.
      sleep 0.05
    done
    kill -KILL -- "-$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
  done
  if [[ -n $work ]]; then rm -rf -- "$work"; fi
  exit "$status"
}

# Nothing outside one directory is changed, and nothing that the caller's environment says about Consul applies.
begin() {
  trap end_all EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap 'exit 129' HUP
  unset "${!CONSUL_HTTP_@}" CONSUL_CACERT CONSUL_CAPATH CONSUL_CLIENT_CERT CONSUL_CLIENT_KEY CONSUL_TLS_SERVER_NAME \
    CONSUL_NAMESPACE CONSUL_PARTITION PROXYSQL_CONSUL_CONFIG
  work=$(mktemp -d "${TMPDIR:-/tmp}/proxysql-consul.XXXXXX")
}

# Starts a program in a process group of its own: its log, then the command.
start() {
  local log=$1
  shift
  setsid "$@" >>"$log" 2>&1 </dev/null &
  pids+=("$!")
}

# Calls a command until it succeeds, for as long as the program that was started last lives: seconds, the command.
await() {
  local pid=${pids[-1]} until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS > until)) || ! kill -0 "$pid" 2>/dev/null; then return 1; fi
    # A server says to nobody that it is ready.
    sleep 0.05
  done
}

# Installs what is missing, by scripts/setup with these arguments, and builds the release preset, with a line for every
# tenth step.
set_up_and_build() {
  local log=$work/build.log progress=0 line
  "$root/scripts/setup" "$@"
  say "building the release preset in build/release"
  mkfifo "$work/build"
  # shellcheck disable=SC2016  # The inner shell expands it.
  start "$work/build" bash -c 'cd "$0" && cmake --preset release && cmake --build --preset release --target proxysql-consul proxysql_standin' \
    "$root"
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]] && ((BASH_REMATCH[1] >= progress + 10)); then
      progress=${BASH_REMATCH[1]}
      say "  step $progress of ${BASH_REMATCH[2]}, $SECONDS s"
    fi
  done <"$work/build"
  if ! wait "${pids[-1]}"; then
    cat "$log" >&2
    die "the build failed"
  fi
  unset 'pids[-1]'
  say "built $("$program" --version), $SECONDS s"
}

# Puts a port into $port where nothing listens, below those that the kernel gives to clients, and none twice.
taken_ports=" "
choose_port() {
  local attempt
  for ((attempt = 0; attempt < 200; ++attempt)); do
    port=$((10240 + RANDOM % 20000))
    if [[ $taken_ports == *" $port "* ]] || (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
    taken_ports+="$port "
    return
  done
  die "no free port was found"
}

json_string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# Consul's key/value store: options of curl, the last of them the key.
kv() { curl -qsSf --noproxy '*' "${@:1:$#-1}" "$consul/v1/kv/${!#}"; }

# Starts a Consul agent with a watch on each prefix: prefix, handler, prefix, handler ... Sets $consul to its address.
start_consul() {
  local attempt ports watches=() log=$work/consul.log consul_bin
  while (($# > 0)); do
    watches+=("$(printf '{"type": "keyprefix", "prefix": "%s", "args": [%s]}' "$1" "$(json_string "$2")")")
    shift 2
  done
  consul_bin=$("$root/scripts/find-consul")
  say "starting $("$consul_bin" version | sed -n 1p)"
  for ((attempt = 1; ; ++attempt)); do
    ports=()
    while ((${#ports[@]} < 4)); do
      choose_port
      ports+=("$port")
    done
    # Elsewhere each node asks an agent of its own; here all come from one address, for which Consul allows 200.
    cat >"$work/consul.json" <<JSON
{
  "bind_addr": "127.0.0.1", "client_addr": "127.0.0.1", "node_name": "consul-${ports[0]}",
  "disable_update_check": true, "connect": {"enabled": false}, "limits": {"http_max_conns_per_client": 5000},
  "ports": {"http": ${ports[0]}, "serf_lan": ${ports[1]}, "serf_wan": ${ports[2]}, "server": ${ports[3]},
            "dns": -1, "grpc": -1, "https": -1},
  "watches": [$(IFS=, && printf '%s' "${watches[*]}")]
}
JSON
    : >"$log"
    start "$log" "$consul_bin" agent -dev -config-file="$work/consul.json"
    consul_port=${ports[0]}
    consul=http://127.0.0.1:$consul_port
    # Only an agent that has a leader takes it.
    if await 40 kv -X PUT -d ready ready; then return; fi
    if ((attempt == 3)) || ! grep -q 'address already in use' "$log"; then
      tail -n 20 "$log" >&2
      die "Consul did not start"
    fi
  done
}

# Finds the client. The password is the one that these scripts give their own servers.
find_client() {
  local name no_tls=--skip-ssl
  name=$(type -P mariadb || type -P mysql || true)
  if [[ -z $name ]]; then die "neither mariadb nor mysql is on PATH: run scripts/setup"; fi
  if [[ $("$name" --version) != *MariaDB* ]]; then no_tls=--ssl-mode=DISABLED; fi
  client=("$name" --no-defaults "$no_tls" --protocol=tcp -h 127.0.0.1 -u admin)
  export MYSQL_PWD=admin
}

# Runs SQL, or stdin without it, on a node; prints rows without heading, tab-separated.
sql() { "${client[@]}" -P "${admin_port[$1]}" -BN ${2:+-e "$2"}; }

# The same as a table for people.
sql_table() { "${client[@]}" -P "${admin_port[$1]}" -t -e "$2"; }

# Opens a session on a node for ask().
open_session() {
  local pipe=$work/session-$1 to from
  mkfifo "$pipe-in" "$pipe-out"
  exec {to}<>"$pipe-in" {from}<>"$pipe-out"
  session_in[$1]=$to
  session_out[$1]=$from
  setsid "${client[@]}" -P "${admin_port[$1]}" -BN --unbuffered <"$pipe-in" >"$pipe-out" 2>>"$work/session-$1.log" &
  pids+=("$!")
}

# Puts the one value that a query selects on a node into $answer.
ask() {
  printf '%s;\n' "$2" >&"${session_in[$1]}"
  IFS= read -r -t 10 answer <&"${session_out[$1]}" || die "node $1 does not answer: $(cat "$work/session-$1.log")"
}

# Starts the ProxySQL of a node: the one that PROXYSQL_BIN or PATH names, or else the stand-in.
start_proxysql() {
  local node=$1 attempt admin log=$work/proxysql-$1.log data=$work/data-$1 bin
  bin=${PROXYSQL_BIN:-$(type -P proxysql || true)}
  if [[ -n $bin && ! -x $bin ]]; then die "PROXYSQL_BIN=$bin is no program"; fi
  mkdir -p "$data"
  for ((attempt = 1; attempt <= 3; ++attempt)); do
    choose_port
    admin=$port
    admin_port[$node]=$admin
    if [[ -n $bin ]]; then
      choose_port
      cat >"$work/proxysql-$node.cnf" <<CNF
datadir="$data"
admin_variables={ admin_credentials="admin:admin" mysql_ifaces="127.0.0.1:$admin" }
mysql_variables={ interfaces="127.0.0.1:$port" threads=2 monitor_enabled=false }
CNF
      start "$log" "$bin" -f --initial --no-version-check -c "$work/proxysql-$node.cnf" -D "$data"
    else
      start "$log" "$standin" --port "$admin" --data-dir "$data"
    fi
    if await 30 sql "$node" "SELECT 1"; then
      say "node $node: ${bin:+ProxySQL }${bin:-the stand-in for ProxySQL} ($(sql "$node" "SELECT @@version")), admin port $admin"
      return
    fi
  done
  tail -n 20 "$log" >&2
  die "the ProxySQL of node $node did not start"
}

# Writes the configuration file of a node, $work/NODE.cnf: the prefix, then further settings if any.
write_settings() {
  cat >"$work/$1.cnf" <<JSON
{
  ${3:+$3,}
  "uuid_file": $(json_string "$work/$1.uuid"),
  "consul_port": $consul_port,
  "consul_prefix": "$2",
  "proxysql_admin_port": ${admin_port[$1]}
}
JSON
}

# proxysql-consul on a node.
on() { "$program" --config-file "$work/$1.cnf" "${@:2}"; }

microseconds() { now=${EPOCHREALTIME//[!0-9]/}; }
