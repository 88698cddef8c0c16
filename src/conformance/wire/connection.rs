//! One connection: a request is written, and its answer read, which may come before the request has ended.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::timeout;

use super::read::{Answered, read_body, read_head};
use super::{Endpoint, Request, WireError};
use crate::conformance::case::Transport;

/// How long an invitation to send the body is awaited (RFC 9110 §10.1.1: not for ever).
const INVITATION: Duration = Duration::from_secs(2);
/// Pieces that [`Transport::InPieces`] writes.
const PIECE: usize = 97;

pub(super) struct Connection {
    pub(super) reader: ReadHalf<Box<dyn Stream>>,
    pub(super) writer: WriteHalf<Box<dyn Stream>>,
    pub(super) read: Vec<u8>,
}

pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Connection {
    pub(super) async fn exchange(
        &mut self,
        endpoint: &Endpoint,
        request: &Request<'_>,
    ) -> Result<Answered, WireError> {
        let head = request.head(endpoint);
        let mut body = request.framed();
        let Self { reader, writer, read } = self;
        if request.has(Transport::ExpectContinue) {
            writer.write_all(head.as_bytes()).await?;
            writer.flush().await?;
            match timeout(INVITATION, read_head(reader, read)).await {
                // Not invited: whoever waits may send all the same.
                Err(_) => {}
                Ok(Ok(answered)) if answered.status == 100 => {}
                Ok(Ok(answered)) => return read_body(reader, read, answered).await,
                Ok(Err(error)) => return Err(error),
            }
        } else {
            body.splice(0..0, head.bytes());
        }
        let pieces = if request.has(Transport::InPieces) { PIECE } else { body.len().max(1) };
        let writing = async {
            for piece in body.chunks(pieces) {
                writer.write_all(piece).await?;
                writer.flush().await?;
            }
            Ok::<(), std::io::Error>(())
        };
        let reading = async {
            loop {
                let answered = read_head(reader, read).await?;
                if answered.status != 100 {
                    return read_body(reader, read, answered).await;
                }
            }
        };
        // Whoever has had enough answers before the body has ended, and reads no more.
        tokio::pin!(reading);
        tokio::select! {
            biased;
            answered = &mut reading => answered,
            _ = writing => reading.await,
        }
    }
}
