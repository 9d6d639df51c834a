//! All documents, and which path each is at.

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use http_body_util::Full;
use serde_json::{Value, json};

use super::accept::{Form, wanted};
use super::document::Document;
use super::response::document;
use super::version::version;
use super::{Status, VERSION, aggregated_discovery, discovery, openapi};

const JSON: &str = "application/json";
const AGGREGATED_V2: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const AGGREGATED_V2BETA1: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList";

/// Discovery, OpenAPI and the version, made once.
#[derive(Debug)]
pub(crate) struct Documents {
    at: HashMap<String, Document>,
    aggregated_v2: Document,
    aggregated_v2beta1: Document,
}

impl Documents {
    /// The documents of an API server for these groups.
    pub(crate) fn new(groups: &[String]) -> Self {
        let mut at = HashMap::new();
        let mut put = |path: &str, content: Value| {
            at.insert(path.to_owned(), Document::new(JSON, &content));
        };
        put("/apis", discovery::group_list(groups));
        put("/openapi/v2", openapi::v2(groups));
        put("/version", version());
        let mut hashes = Vec::new();
        for group in groups {
            put(&format!("/apis/{group}"), discovery::group(group));
            put(&format!("/apis/{group}/{VERSION}"), discovery::resource_list(group));
            let v3 = Document::new(JSON, &openapi::v3(group));
            hashes.push((group, v3.etag.to_str().unwrap_or_default().trim_matches('"').to_owned()));
            put(&format!("/openapi/v3/apis/{group}/{VERSION}"), openapi::v3(group));
        }
        let index: Vec<(&str, &str)> =
            hashes.iter().map(|(group, hash)| (group.as_str(), hash.as_str())).collect();
        put("/openapi/v3", openapi::v3_index(&index));
        let mut paths: Vec<&String> = at.keys().collect();
        paths.sort();
        let root = json!({ "paths": paths });
        at.insert("/".to_owned(), Document::new(JSON, &root));
        let aggregated = |content_type, version| {
            let content = aggregated_discovery::group_discovery_list(groups, version);
            Document::new(content_type, &content)
        };
        Self {
            at,
            aggregated_v2: aggregated(AGGREGATED_V2, "v2"),
            aggregated_v2beta1: aggregated(AGGREGATED_V2BETA1, "v2beta1"),
        }
    }

    /// Answers with the document at `path`, in the form that the client asks for.
    pub(crate) fn respond(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Response<Full<Bytes>>, Status> {
        let path = if path == "/" { path } else { path.strip_suffix('/').unwrap_or(path) };
        let plain = self.at.get(path).ok_or_else(Status::not_found)?;
        if method != Method::GET && method != Method::HEAD {
            return Err(Status::method_not_allowed());
        }
        let form = wanted(headers).ok_or_else(|| {
            Status::not_acceptable("only the following media types are offered: application/json")
        })?;
        let found = match (path, form) {
            ("/apis", Form::AggregatedV2) => &self.aggregated_v2,
            ("/apis", Form::AggregatedV2Beta1) => &self.aggregated_v2beta1,
            _ => plain,
        };
        let mut response = document(found, headers);
        response.headers_mut().insert(http::header::VARY, http::HeaderValue::from_static("Accept"));
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT, IF_NONE_MATCH};
    use http_body_util::BodyExt as _;

    use super::*;

    async fn get(path: &str, headers: &[(http::HeaderName, &str)]) -> (u16, String, Value) {
        let documents = Documents::new(&["acme.a.example".to_owned(), "acme.b.example".to_owned()]);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(name, value.parse().unwrap());
        }
        let response = documents
            .respond(&Method::GET, path, &map)
            .unwrap_or_else(Response::<Full<Bytes>>::from);
        let code = response.status().as_u16();
        let etag = response.headers().get("etag").map_or("", |tag| tag.to_str().unwrap());
        let etag = etag.to_owned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (code, etag, serde_json::from_slice(&body).unwrap_or(Value::Null))
    }

    #[tokio::test]
    async fn discovery_lists_every_group() {
        let (code, _, list) = get("/apis", &[]).await;
        assert_eq!((code, &list["kind"]), (200, &json!("APIGroupList")));
        let names: Vec<_> = list["groups"].as_array().unwrap().iter().map(|g| &g["name"]).collect();
        assert_eq!(names, ["acme.a.example", "acme.b.example"]);
        let (_, _, group) = get("/apis/acme.b.example", &[]).await;
        assert_eq!(group["preferredVersion"]["groupVersion"], "acme.b.example/v1alpha1");
        let (_, _, resources) = get("/apis/acme.b.example/v1alpha1/", &[]).await;
        let expected = json!([{
            "name": "dnspod", "singularName": "ChallengePayload", "namespaced": false, "verbs": ["create"],
            "group": "webhook.acme.cert-manager.io", "version": "v1alpha1", "kind": "ChallengePayload",
        }]);
        assert_eq!(resources["resources"], expected);
    }

    #[tokio::test]
    async fn aggregated_discovery_is_given_to_who_asks_for_it() {
        for (form, version) in [(AGGREGATED_V2, "v2"), (AGGREGATED_V2BETA1, "v2beta1")] {
            let (code, _, list) = get("/apis", &[(ACCEPT, form)]).await;
            assert_eq!((code, &list["kind"]), (200, &json!("APIGroupDiscoveryList")));
            assert_eq!(list["apiVersion"], format!("apidiscovery.k8s.io/{version}"));
            assert_eq!(list["items"][1]["metadata"]["name"], "acme.b.example");
            let resource = &list["items"][1]["versions"][0]["resources"][0];
            assert_eq!(
                (&resource["resource"], &resource["scope"]),
                (&json!("dnspod"), &json!("Cluster"))
            );
        }
    }

    #[tokio::test]
    async fn who_has_a_document_is_told_so() {
        let (_, plain, _) = get("/apis", &[]).await;
        let (_, aggregated, _) = get("/apis", &[(ACCEPT, AGGREGATED_V2)]).await;
        assert_ne!(plain, aggregated);
        let (code, etag, body) =
            get("/apis", &[(ACCEPT, AGGREGATED_V2), (IF_NONE_MATCH, &aggregated)]).await;
        assert_eq!((code, etag, body), (304, aggregated.clone(), Value::Null));
        let (code, _, _) = get("/apis", &[(IF_NONE_MATCH, &aggregated)]).await;
        assert_eq!(code, 200);
    }

    #[tokio::test]
    async fn openapi_v3_leads_to_a_document_for_each_group() {
        let (_, _, index) = get("/openapi/v3", &[]).await;
        let paths = index["paths"].as_object().unwrap();
        assert_eq!(paths.len(), 2);
        for entry in paths.values() {
            let url = entry["serverRelativeURL"].as_str().unwrap();
            let (path, hash) = url.split_once("?hash=").unwrap();
            let (code, etag, document) = get(path, &[]).await;
            assert_eq!((code, etag), (200, format!("\"{hash}\"")));
            assert_eq!(document["openapi"], "3.0.0");
        }
        assert_eq!(get("/openapi/v2", &[]).await.2["swagger"], "2.0");
    }

    #[tokio::test]
    async fn what_is_not_there_or_not_acceptable_has_a_status() {
        assert_eq!(get("/apis/other.example", &[]).await.0, 404);
        assert_eq!(get("/apis/acme.a.example/v1", &[]).await.0, 404);
        let protobuf = (ACCEPT, "application/vnd.kubernetes.protobuf");
        assert_eq!(get("/apis", &[protobuf]).await.0, 406);
    }
}
