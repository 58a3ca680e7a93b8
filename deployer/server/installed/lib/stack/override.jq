# What the owner's own compose files make of a stack whose own was judged by itself (rules.jq, whose answer is $judged): the input is
# both together, as Docker Compose has resolved them. The owner may say what no repository may. But who reaches a port, sites.yaml says;
# and folders beside docker-compose.yml are looked at, for a container may have put a link there. The answer is as that of rules.jq.
include "words";

def binds: # what is mounted of the server
    (.services | mapping | .[] | .volumes | listing[] | select(.type == "bind") | .source),
    (.volumes | mapping | .[] | mapping | .driver_opts | mapping | .device | strings),
    ((.configs, .secrets) | mapping | .[] | mapping | .file | strings);

. as $both
| $judged[0] as $judged
| [$judged.definition | binds] as $theirs
| ([binds | select(. == $directory or inside(.; $directory)) | select(IN($theirs[]) | not) | .[($directory | length) + 1:]] | unique) as $ours
| ($judged.data + $ours | unique) as $data
| $judged + {
    problems: [
        ($ours[] | select((is_plain and names_data) | not)
         | "the override mounts \(if . == "" then "all of its folder" else shown end): that is no name for a folder of data"),
        ($ours[] | select(contains(stands_for($nonce))) | "the override mounts \(said($nonce) | shown): a secret is no part of a path"),
        nested($ours; $data + lines($mounted)),
        (.services | mapping | to_entries[] | .key as $name | .value.ports | listing[]
         | select((.host_ip == "127.0.0.1" and (.published | IN($port, $publish[].port))) or (.published | IN($public[])) | not)
         | "the override has \($name | shown) publish \(.published | shown): publish: in sites.yaml is for that"),
        (select(any(.services[].ports[]?; .published == $port) | not) | "with the override no service has port \($port), where NGINX finds it")
    ],
    remarks: [],
    builds: [$judged.builds[] | select(.service as $name | $both.services | has($name))],
    data: $data,
    definition: (.services |= map_values(without_null | limited($log_limit)) | said($nonce))
}
