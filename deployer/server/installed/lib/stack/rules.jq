# What a compose file from a repository may have, where anybody's commit may stand: the input is all of it, as Docker Compose has
# resolved it. What is not named here is refused. The answer: `problems`, `remarks`, `copies` (OID and PATH of what containers read of
# the repository), `builds` (what is built of it), `data` (the folders beside it that they write to), and the `definition` that runs, if there are no problems.
# $folder is where the file was read, $directory where it will run; $tree has MODE TYPE OID of each path, $mounted the folders that
# any revision before has written to, one a line; $nonce marks what stands for secrets; $public are ports that may be open to all,
# $start_first the service of which two run at once for a while. Of what sites.yaml lays over it, $own has
# what is no repository's, as PART NAME, and $laid the services of the repository.
include "words";

def most: 20; # containers of a service
# What gives a container nothing of the server, and nothing of its neighbours
def harmless: [
    "attach", "cap_drop", "command", "configs", "container_name", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_shares",
    "cpus", "cpuset", "depends_on", "dns", "dns_opt", "dns_search", "domainname", "entrypoint", "environment", "expose", "extra_hosts",
    "group_add", "healthcheck", "hostname", "image", "init", "links", "mem_limit", "mem_reservation", "memswap_limit", "pids_limit",
    "platform", "read_only", "restart", "scale", "secrets", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "tmpfs",
    "tty", "user", "working_dir"
];
# What is left out, or made anew below
def made: ["develop", "profiles", "ports", "volumes", "networks"];
def capabilities: [
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT"
];
def entry($path): $tree[0][$path];
def of_module($path):
    any($tree[0] | to_entries[] | select(.value.type == "commit") | .key; . == $path or inside($path; .));
def not_fetched: "is in a submodule, and those of a stack are not fetched";

# Values that are refused, of keys that are not: KEY is not as this says
def refused_values:
    ((.labels | mapping | keys[] | select(test("^com\\.docker\\."; "i"))) | "sets the label \(shown)"),
    ((.cap_add | listing[] | tostring | ascii_upcase | ltrimstr("CAP_") | select(IN(capabilities[]) | not)) | "has the capability \(shown)"),
    ((.security_opt | listing[] | tostring | select(test("^no-new-privileges([:=]true)?$") | not)) | "has security_opt \(shown)"),
    ((.ulimits | mapping | keys[] | select(IN("core", "memlock", "nofile", "nproc", "stack") | not)) | "has the ulimit \(shown)"),
    ((.sysctls | mapping | keys[] | select(startswith("net.") | not)) | "sets \(shown)"),
    ((.logging | mapping | .driver // "json-file" | select(IN("json-file", "local", "none") | not)) | "logs to \(shown)"),
    ((.pull_policy // "missing" | select(IN("never", "build"))) | "has pull_policy: \(shown): its image is to come from a registry"),
    ((.network_mode // "none" | select(test("^(none|service:.*)$") | not)) | "has network_mode: \(shown)"),
    ((.pid, .ipc) | . // "private" | select(test("^(private|shareable|none|service:.*)$") | not) | "has pid or ipc: \(shown)"),
    ((.scale, (.deploy | mapping | .replicas)) | select(. != null and (type != "number" or . > most)) | "has \(shown) containers"),
    ((.stop_grace_period | strings | select(contains("h"))) | "takes \(shown) to stop: an hour is too long to wait for"),
    ((.deploy | mapping | .resources | mapping | .reservations | mapping | select(.devices or .generic_resources)) | "wants devices"),
    (select(.build or (.image | type == "string" and test("^[\\w./:@-]+$")) | not) | "has no image of a plain name"),
    (select(.build | not) | .image | strings | sub("^((index\\.)?docker\\.io/)?(library/)?"; "")
     | select(test("^[^/:@]*\\.[^/]*$")) | "has the image \(shown), which another site has built");
def checked: [
    "labels", "cap_add", "security_opt", "ulimits", "sysctls", "logging", "pull_policy", "network_mode", "pid", "ipc", "deploy", "build"
];

def build($name; $who): # an image of a folder of the repository, by a file that is in it
    (.build | mapping | without_null) as $build
    | ($build.context | tostring) as $context
    | (if $context == $folder then "" else $context[($folder | length) + 1:] end) as $path
    | ($build.dockerfile // "Dockerfile" | tostring) as $dockerfile
    | ([$path, $dockerfile] | map(select(. != "")) | join("/")) as $file
    | [$build.args | mapping | to_entries[] | "\(.key)=\(.value // "")"] as $args
    | {
        problems: [
            (($build | keys - ["args", "context", "dockerfile", "target"])[] | "\($who) has \(shown) in build:"),
            (select($context == $folder or (inside($context; $folder) and entry($path).type == "tree") | not)
             | "\($who) is built of \($context | shown), which \(if of_module($path) then not_fetched else "is no folder of the repository" end)"),
            (select(entry($file) | .type == "blob" and .mode != "120000" | not)
             | "\($who) has no file \($file | shown) in the repository that says how it is built"),
            ($args[] | select(contains(stands_for($nonce))) | split("=")[0]
             | "\($who) has the build argument \(shown), whose secret would be in its image"),
            ($args[] | split("=")[0] | select(startswith("BUILDKIT_"))
             | "\($who) has the build argument \(shown), which tells Docker's builder what to do"),
            ([$path, $dockerfile, $build.target // "", $args[]][] | tostring | select(test("[[:cntrl:]]"))
             | "\($who) has \(shown) in build:"),
            (select($name | test("^[a-z0-9][a-z0-9_.-]*$") | not)
             | "\($who) has a name that no image gets: a-z, 0-9, - and . are for that")
        ],
        build: {service: $name, context: $path, dockerfile: $dockerfile, target: ($build.target // ""), args: ($args | map(gsub("\\$\\$"; "$")))}
    };

def of_network:
    mapping | keys[] | select(IN("aliases", "priority", "gw_priority") | not);

# A path of the repository: where a container finds it, by its content, so that what has not changed stays where it is
def oid($path): entry($path) | .oid + (if .mode == "100755" then "-x" else "" end);
def copy($path): "\($directory)/repository/\(oid($path))/\($path | split("/") | last)";
def is_kept($path): # no more than what keeps an empty folder in Git
    entry($path).type == "tree"
    and all($tree[0] | keys[] | select(inside(.; $path)); entry(.).type == "tree" or test("(^|/)\\.(git)?(keep|ignore|empty)$"));
def of_repository($path; $who):
    if $path | test("[[:cntrl:]]") then {problem: "\($who) \($path | shown), which is no plain path"}
    elif entry($path).mode == "120000" then {problem: "\($who) \($path | shown), which is a link"}
    else {copies: [{oid: oid($path), path: $path}], source: copy($path)} end;

def mounted_path($path; $who):
    if $path | contains(stands_for($nonce)) then {problem: "\($who) \($path | said($nonce) | shown): a secret is no part of a path"}
    elif $path | is_plain | not then {problem: "\($who) \($path | shown), which is no plain path"}
    elif of_module($path) then {problem: "\($who) \($path | shown), which \(not_fetched)"}
    elif entry($path) and ((is_kept($path) and (.read_only | not)) | not) then
        of_repository($path; $who)
        + {read_only: true}
        + (if .read_only then {} else {remark: "\($who) \($path | shown), which is the repository's: it can only read there"} end)
    elif $path | names_data then
        {data: [$path], source: "\($directory)/\($path)", bind: {create_host_path: true}}
    else {problem: "\($who) \($path | shown): that is no name for a folder of data"} end;

def mount($who):
    (.source // "") as $source
    | if .type == "tmpfs" then {mount: {type, target, tmpfs: ((.tmpfs | mapping | {size, mode}) | without_null)}}
      elif .type == "volume" then
        {mount: ({type, source, target, read_only, volume: (.volume | mapping | {nocopy} | without_null)} | without_null)}
      elif .type != "bind" then {problem: "\($who) \($source | shown), as \(.type | shown)"}
      elif $source | IN("/etc/localtime", "/etc/timezone") then {mount: {type, source, target, read_only: true}}
      elif inside($source; $folder) | not then
        {problem: "\($who) \(if $source == $folder then "all of its folder" else "\($source | shown) of the server" end)"}
      else
        mounted_path($source[($folder | length) + 1:]; $who) as $found
        | $found + {mount: ({type, source: $found.source, target, read_only: ($found.read_only // .read_only), bind: $found.bind} | without_null)}
      end;

def opened: .protocol == "tcp" and (.published | tostring | IN($public[]) and (IN($port, $publish[].port) | not));
def published($name): # each wanted port, bound to 127.0.0.1 unless all may reach it
    [$publish[] | select(.service == $name) | {mode: "ingress", host_ip: "127.0.0.1", target, published: .port, protocol: "tcp"}]
    + [.ports | listing[] | mapping
       | select((.published | tostring) == $port and .protocol == "tcp" and ([$publish[].port] | index($port) | not))
       | {mode: "ingress", host_ip: "127.0.0.1", target, published: $port, protocol: "tcp"}]
    + [.ports | listing[] | mapping | select(opened) | {mode: "ingress", target, published: (.published | tostring), protocol: "tcp"}];
def left_out: # ports that the file publishes and sites.yaml does not
    [.ports | listing[] | mapping | select(opened | not) | .published // empty | tostring | select(. != $port and ([$publish[].port] | index(.) | not))] | unique;

def service($name):
    "its service \($name | shown)" as $who
    | without_null
    | [.volumes | listing[] | mount("\($who) mounts")] as $mounts
    | (if .build then build($name; $who) else {} end) as $built
    | {
        builds: [$built.build // empty],
        problems: [
            ((keys - harmless - made - checked)[] | "\($who) has \(shown)"),
            ("\($who) \(refused_values)"),
            (.networks | mapping | to_entries[] | .key as $network | .value | of_network | "\($who) has \(shown) in \($network | shown)"),
            ($built.problems // [] | .[]),
            $mounts[].problem // empty
        ],
        remarks: [
            (left_out[] | "\($who) publishes \(shown): left out (in sites.yaml, publish: binds a port to 127.0.0.1, public: leaves one of TCP open to all)"),
            $mounts[].remark // empty
        ],
        copies: [$mounts[].copies // [] | .[]],
        data: [$mounts[].data // [] | .[]],
        service: (
            published($name) as $ports
            | (.container_name // "") as $called
            | .networks = (if .network_mode then null else
                (.networks | mapping | if . == {} then {default: null} else . end)
                | if $called == "" then . else map_values(mapping | .aliases = ((.aliases // []) + [$called] | unique)) end end)
            | .ports = $ports
            | .volumes = [$mounts[].mount // empty]
            | if .build then .image = "\($project)-\($name)" else . end # until it is built, and called by what it is built of
            | limited($log_limit)
            | del(.build, .container_name, .develop, .profiles, .pull_policy)
            | with_entries(select(.value != null and (.value == [] and (.key | IN("ports", "volumes")) | not)))
        )
    };

def own($what): # networks and volumes are its project's
    mapping | to_entries[] | "its \($what) \(.key | shown)" as $who | .key as $key | .value | mapping
    | (select(.external) | "\($who) is external: one of somebody else"),
      (select((.external | not) and .name != "\($project)_\($key)") | "\($who) has a name of its own, \(.name | shown)"),
      (select(.driver // "local" | IN("local", "bridge") | not) | "\($who) has the driver \(.driver | shown)"),
      (without_null | select((.driver_opts // {}) != {}) | "\($who) has driver_opts"),
      (without_null | select((.ipam // {}) != {}) | "\($who) has ipam"),
      ((.labels | mapping | keys[] | select(test("^com\\.docker\\."; "i"))) | "\($who) has the label \(shown)"),
      (without_null | keys - ["name", "driver", "driver_opts", "ipam", "external", "labels", "internal", "attachable", "enable_ipv6", "enable_ipv4"]
       | .[] | "\($who) has \(shown)");

def file($what): # configs and secrets: a file of the repository, or what stands there
    .key as $key | "its \($what) \($key | shown)" as $who | .value | without_null
    | ((.file // "") | tostring) as $path
    | [
        ((keys - ["name", "file", "content", "environment"])[] | "\($who) has \(shown)"),
        (select(.environment and (.environment | IN($names[]) | not)) | "\($who) wants the variable \(.environment | shown), which sites.yaml has not")
      ] as $wrong
    | if $path == "" then {problems: $wrong, entry: .}
      elif inside($path; $folder) and of_module($path[($folder | length) + 1:]) then {problems: ["\($who) \(not_fetched)"]}
      elif (inside($path; $folder) and entry($path[($folder | length) + 1:])) | not then
        {problems: ($wrong + ["\($who) is \($path | shown), which is not in the repository"])}
      else
        of_repository($path[($folder | length) + 1:]; "\($who) is") as $found
        | {problems: ($wrong + [$found.problem // empty]), copies: $found.copies, entry: (.file = $found.source)}
      end;

def not_twice: # why two of it cannot run at once
    (select(.ports | length > 1) | "publishes more than the port where NGINX finds it"),
    (select((.scale // 1) != 1 or (.deploy | mapping | .replicas // 1) != 1) | "has several containers");
def of_both: # what two of it write to
    .volumes | listing[] | select(.read_only | not) | .source | strings;

def shared($all): # what an override says of its own is nobody else's, and what it lays over a service is of one that is there
    ($own[] | split(" ") as [$part, $name] | select($all[$part] | mapping | has($name))
     | "its \($part | rtrimstr("s")) \($name) \(if $part == "services" then "has an image" else "is defined" end) in the override, too, which makes it the "
       + "override's own: give one of both another name"),
    ($all.services | mapping | .[] | mapping | .container_name, (.networks | mapping | .[] | mapping | .aliases | listing[]) | strings
     | select(IN($own[] | ltrimstr("services "))) | "a service of it answers by the name \(shown), which is a service of the override's own"),
    ($laid[] | select(. as $name | $all.services | mapping | has($name) | not) | "it has no service \(shown), which the override names");

. as $all
| (.services | mapping | to_entries | map({key, value: (.key as $name | .value | service($name))})) as $services
| (.configs | mapping | to_entries | map({key, value: file("config")})) as $configs
| (.secrets | mapping | to_entries | map({key, value: file("secret")})) as $secrets
| [$services[], $configs[], $secrets[] | .value] as $parts
| ([$parts[].data // [] | .[]] | unique) as $data
| ($data + lines($mounted) | unique) as $written
| {
    problems: [
        (without_null | keys - ["name", "services", "networks", "volumes", "configs", "secrets"] | .[] | "it has \(shown)"),
        (select($services == []) | "it has no service"),
        shared($all),
        ($all.services | mapping | .[] | mapping | .network_mode, .pid, .ipc | strings | select(startswith("service:")) | ltrimstr("service:")
         | select(. as $name | $all.services | has($name) | not) | "it has no service \(shown), of which another one wants a part"),
        (select([.. | mapping | has("<<")] | any) | "it has a key <<"),
        $parts[].problems[],
        (.networks | own("network")),
        (.volumes | own("volume")),
        nested($data; $written),
        ($services[] | select(.key == $start_first) | .value.service | not_twice | "its service \($start_first) \(.), so two cannot run at once (replace: start-first)"),
        (select(any($services[].value.service.ports[]?; .published == $port) | not)
         | "no service has port \($port), where NGINX finds it (sites.yaml: publish: {\($port): \"SERVICE:PORT\"})"),
        ($publish[].service | select(. as $name | $all.services | mapping | has($name) | not) | "it has no service \(shown), which publish: in sites.yaml names")
    ] | unique,
    remarks: ([
        ($parts[].remarks // [] | .[]),
        ($services[] | select(.key == $start_first) | .value.service | of_both
         | "the old and the new \($start_first) write to \(shown) at once for a while (replace: start-first): right for uploads, wrong for a database"),
        ($public[] | select(IN($services[].value.service.ports[]?.published) | not) | "no service of it publishes \(.), which public: in sites.yaml leaves open")
    ] | unique),
    copies: ([$parts[].copies // [] | .[]] | unique),
    builds: [$parts[].builds // [] | .[]],
    data: $data,
    definition: ({
        name: $project,
        "x-deploy": ($about | map_values(gsub("\\$"; "$$"))),
        services: ($services | map(.value |= .service) | from_entries),
        networks: (.networks | mapping),
        volumes: (.volumes | mapping),
        configs: ($configs | map(.value |= .entry) | from_entries),
        secrets: ($secrets | map(.value |= .entry) | from_entries)
    } | with_entries(select(.value != {})) | said($nonce))
}
