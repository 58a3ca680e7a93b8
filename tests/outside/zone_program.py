"""A program as docs/dns.md describes it, with a zone in a JSON file beside it; COMMENTS=0: it keeps none."""

import json
import os
import sys

zone = f"{sys.argv[0]}.json"
with open(zone) as file:
    records = json.load(file)
asked = json.load(sys.stdin)
comments = os.environ.get("COMMENTS") != "0"
if os.environ["DEPLOY_DNS_TOKEN"] == "wrong":
    sys.exit("who are you, wrong?")
if asked["zone"] != "example.org":
    sys.exit("no such zone")
if asked["action"] == "read":
    print(json.dumps({"records": records, **({} if comments else {"comments": False})}))
elif asked["action"] == "write":
    key = ("name", "type", "value")
    for gone in asked["delete"]:
        (index,) = [n for n, each in enumerate(records) if all(each[k] == gone[k] for k in key)]
        del records[index]
    for each in asked["create"]:
        assert not any(all(other[k] == each[k] for k in key) for other in records), each
        records.append({k: v for k, v in each.items() if k in (*key, "ttl") or (comments and k == "comment")})
    with open(zone, "w") as file:
        json.dump(records, file)
