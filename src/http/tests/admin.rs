//! The operator's listener.

use super::super::admin::{Admin, Check, Readiness};
use super::*;
use crate::telemetry::metrics::Metrics;

struct Fixed(Vec<Check>);

#[async_trait]
impl Readiness for Fixed {
    async fn checks(&self) -> Vec<Check> {
        if self.0.is_empty() {
            std::future::pending::<()>().await;
        }
        self.0.clone()
    }
}

async fn admin(checks: Vec<Check>) -> (Running, Client<TcpStream>) {
    let metrics = Metrics::detached().unwrap();
    let listeners = vec![("pdd".to_owned(), "http://127.0.0.1:8080/pdd?a&b".to_owned())];
    let handler = Arc::new(Admin::new(metrics, Arc::new(Fixed(checks)), listeners));
    let running = listening(settings(Bounds::default()), handler).await;
    let client = Client::connect(running.address()).await;
    (running, client)
}

#[tokio::test]
async fn the_process_lives_even_when_it_is_not_ready() {
    let (_running, mut client) = admin(vec![Check::failing("journal", "disk full")]).await;
    assert_eq!(client.get("/health/live").await.status, 200);
    let answer = client.get("/health/ready").await;
    assert_eq!(answer.status, 503);
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["status"], "not ready");
    assert_eq!(body["checks"][0]["detail"], "disk full");
}

#[tokio::test]
async fn a_warning_does_not_make_it_unready() {
    let (_running, mut client) =
        admin(vec![Check::passing("journal"), Check::warning("certificate", "10 days left")]).await;
    assert_eq!(client.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn checks_that_hang_are_a_no() {
    let (_running, mut client) = admin(vec![]).await;
    let answer = client.get("/health/ready").await;
    assert_eq!(answer.status, 503);
    assert!(answer.text().contains("no answer from the checks"));
}

#[tokio::test]
async fn the_page_lists_what_is_there_and_escapes_it() {
    let (_running, mut client) = admin(vec![Check::failing("journal", "<script>")]).await;
    let answer = client.get("/").await;
    let page = answer.text();
    assert!(page.contains("not ready") && page.contains("http://127.0.0.1:8080/pdd?a&amp;b"), "{page}");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
    assert!(answer.head.contains("default-src 'none'"), "{}", answer.head);
}

#[tokio::test]
async fn other_paths_and_methods_are_told_so() {
    let (_running, mut client) = admin(vec![Check::passing("journal")]).await;
    assert_eq!(client.get("/metrics").await.status, 200);
    assert_eq!(client.get("/healthz").await.status, 404);
    let answer = client.post("/health/live", "x").await;
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("allow: GET, HEAD"), "{}", answer.head);
}
