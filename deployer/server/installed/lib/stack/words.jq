# What both judgements of a stack are written in (rules.jq, override.jq).

def shown: tostring | gsub("[^[:print:]]"; "?") | .[:100];
def mapping: if type == "object" then . else {} end;
def listing: if type == "array" then . elif . == null then [] else [.] end;
def lines($text): $text | split("\n") | map(select(. != ""));
def without_null: mapping | with_entries(select(.value != null and (.key | startswith("x-") | not)));
def inside($path; $other): $path | startswith($other + "/");

# Of paths beside docker-compose.yml
def is_plain: test("[[:cntrl:]$\\\\]|//|(^|/)\\.\\.?(/|$)") | not;
def names_data: test("^[A-Za-z0-9_][A-Za-z0-9_.-]*(/|$)") and (test("^((docker-)?compose|repository(/|$))"; "i") | not);
def nested($data; $written):
    $data[] as $one | $written[] | select(inside($one; .) or inside(.; $one))
    | "it mounts \($one | shown), and \(shown) is another one's, now or before: what is put there could lead out of it";

def limited($size): # the log of a service that says nothing of it
    if $size == "" or .logging then . else .logging = {driver: "json-file", options: {"max-size": $size, "max-file": "3"}} end;
def stands_for($nonce): "deploy~\($nonce)~"; # a secret, whose name comes behind it
def said($nonce): # with the variables for which something else stood
    walk(if type == "string" then gsub("\(stands_for($nonce))(?<name>[A-Za-z_][A-Za-z0-9_]*)~"; "${" + .name + "}") else . end);
