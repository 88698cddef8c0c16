//! HTTP/1.1 as bytes over a socket: a client that can be late, rude and wrong on purpose.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::reply::Reply;

/// Nothing in these tests may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A connection of a client.
pub(crate) struct Connection<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    read: Vec<u8>,
}

/// A request: its head as lines, its body as bytes.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn get(path: &str) -> Self {
        let headers = vec![("Host".to_owned(), "prova".to_owned())];
        Self { method: "GET".to_owned(), path: path.to_owned(), headers, body: Vec::new() }
    }

    /// What a porta di dominio posts: `text/xml`, a blank SOAPAction.
    pub(crate) fn post(body: impl Into<Vec<u8>>) -> Self {
        let post = Self { method: "POST".to_owned(), body: body.into(), ..Self::get("/pdd") };
        post.header("Content-Type", "text/xml; charset=utf-8").header("SOAPAction", "\"\"")
    }

    pub(crate) fn method(mut self, method: &str) -> Self {
        method.clone_into(&mut self.method);
        self
    }

    pub(crate) fn path(mut self, path: &str) -> Self {
        path.clone_into(&mut self.path);
        self
    }

    /// Sets a header, in the place of the one of that name.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        let mut request = self.without(name);
        request.headers.push((name.to_owned(), value.to_owned()));
        request
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The head; `framing` is the line that says how long the body is.
    fn head(&self, framing: &str) -> String {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !framing.is_empty() {
            head.push_str(framing);
            head.push_str("\r\n");
        }
        head + "\r\n"
    }
}

impl Connection<TcpStream> {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Send + 'static> Connection<S> {
    pub(crate) fn over(stream: S) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self { reader, writer, read: Vec::new() }
    }

    /// Sends a request and reads its reply.
    pub(crate) async fn ask(&mut self, request: &Request) -> Reply {
        self.begin(request, request.body.len()).await;
        self.write(&request.body).await;
        self.reply().await
    }

    /// The same to a peer that may already have closed: then nothing.
    pub(crate) async fn ask_if_open(&mut self, request: &Request) -> Option<Reply> {
        let head = request.head(&format!("Content-Length: {}", request.body.len()));
        let written = self.writer.write_all(&[head.as_bytes(), &request.body].concat()).await;
        written.ok()?;
        self.writer.flush().await.ok()?;
        self.reply_or_end().await
    }

    /// Sends the head, declaring `length` bytes of body, and no body.
    pub(crate) async fn begin(&mut self, request: &Request, length: usize) {
        let framing =
            if request.method == "GET" { String::new() } else { format!("Content-Length: {length}") };
        self.write(request.head(&framing).as_bytes()).await;
    }

    /// Sends the head and then chunks without end, until `total` bytes are written or the other side has had enough.
    pub(crate) async fn pour(mut self, request: &Request, chunk: &'static [u8], total: usize) -> Reply {
        self.write(request.head("Transfer-Encoding: chunked").as_bytes()).await;
        let Self { mut reader, mut writer, mut read } = self;
        let pouring = tokio::spawn(async move {
            let framed = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
            for _ in 0..total.div_ceil(chunk.len()) {
                if writer.write_all(&framed).await.is_err() {
                    break;
                }
            }
            writer
        });
        let reply = read_reply(&mut reader, &mut read).await;
        pouring.abort();
        reply.expect("a reply to a body without end")
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.unwrap();
        self.writer.flush().await.unwrap();
    }

    /// Nothing more will be written; replies can still be read.
    pub(crate) async fn half_close(&mut self) {
        self.writer.shutdown().await.unwrap();
    }

    pub(crate) async fn reply(&mut self) -> Reply {
        self.reply_or_end().await.expect("a reply, not the end of the connection")
    }

    /// The next reply, or nothing where the connection ends without one.
    pub(crate) async fn reply_or_end(&mut self) -> Option<Reply> {
        read_reply(&mut self.reader, &mut self.read).await
    }
}

async fn read_reply<R: AsyncRead + Unpin>(reader: &mut R, read: &mut Vec<u8>) -> Option<Reply> {
    timeout(PATIENCE, async {
        let end = loop {
            if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            if more(reader, read).await == 0 {
                assert!(read.is_empty(), "a torn reply: {:?}", String::from_utf8_lossy(read));
                return None;
            }
        };
        let head: Vec<u8> = read.drain(..end).collect();
        let mut reply = Reply::of_head(std::str::from_utf8(&head).unwrap());
        let length: usize = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        while read.len() < length {
            assert!(more(reader, read).await > 0, "the body of a reply broke off");
        }
        reply.body = read.drain(..length).collect();
        Some(reply)
    })
    .await
    .expect("a reply in time")
}

async fn more<R: AsyncRead + Unpin>(reader: &mut R, read: &mut Vec<u8>) -> usize {
    let mut buffer = [0; 16 << 10];
    // A reset after the last byte of a reply is an end like another.
    let count = reader.read(&mut buffer).await.unwrap_or(0);
    read.extend_from_slice(&buffer[..count]);
    count
}

/// Waits for what somebody else is about to do.
pub(crate) async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let come_true = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENCE, come_true).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}
