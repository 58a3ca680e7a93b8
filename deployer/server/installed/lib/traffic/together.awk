# What several have counted side by side, each of other days, as one would have told it: their lists are one.

BEGIN { FS = OFS = "\t" }
$1 == "day" { print; next }
{ found[$1, $4] += $3; kinds[$1] }

END {
    for (kind in kinds) {
        for (each in found) if (substr(each, 1, length(kind) + 1) == kind SUBSEP) of_kind[substr(each, length(kind) + 2)] = found[each]
        printf "%s", best(of_kind, kind "\t" site, 20)
    }
}
