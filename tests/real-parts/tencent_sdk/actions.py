"""Calls actions of DNSPod through Tencent's own SDK, one for each line of JSON, until its input ends.

Usage: actions.py CLIENT, a JSON object: `http` has the arguments of HttpProfile, `credential` the name of a class of
tencentcloud.common.credential and its arguments, `unsigned_payload` is ClientProfile's. The client is made at the first
action.

A line is {"action": name, "parameters": {...}}. Its answer is {"response": {...}}, or {"code", "message", "request_id"}
of the SDK's exception.
"""

import json
import sys

from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.dnspod.v20210323 import dnspod_client, models


def make_client(options):
    made = getattr(credential, options["credential"]["class"])(**options["credential"]["arguments"])
    if hasattr(made, "get_credentials"):
        made = made.get_credentials()
    profile = ClientProfile(httpProfile=HttpProfile(**options["http"]))
    profile.unsignedPayload = options["unsigned_payload"]
    return dnspod_client.DnspodClient(made, "", profile)


def main():
    client = None
    for line in sys.stdin:
        call = json.loads(line)
        try:
            client = client or make_client(json.loads(sys.argv[1]))
            request = getattr(models, call["action"] + "Request")()
            request.from_json_string(json.dumps(call["parameters"]))
            response = getattr(client, call["action"])(request)
            answer = {"response": json.loads(response.to_json_string())}
        except TencentCloudSDKException as error:
            answer = {
                "code": error.get_code(),
                "message": error.get_message(),
                "request_id": error.get_request_id(),
            }
        print(json.dumps(answer), flush=True)


main()
