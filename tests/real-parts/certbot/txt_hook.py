"""certbot's --manual-auth-hook and --manual-cleanup-hook: asks the test's hook server to edit the zone.

Usage: txt_hook.py ENDPOINT present|cleanup. certbot passes the name and the value in the environment.
"""

import json
import os
import sys
import urllib.request

endpoint, verb = sys.argv[1:]
message = {
    "fqdn": "_acme-challenge." + os.environ["CERTBOT_DOMAIN"] + ".",
    "value": os.environ["CERTBOT_VALIDATION"],
}
request = urllib.request.Request(
    f"{endpoint}/{verb}",
    data=json.dumps(message).encode(),
    headers={"Content-Type": "application/json"},
)
with urllib.request.urlopen(request, timeout=10):
    pass
