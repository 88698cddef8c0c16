//! An answer, read from a connection.

use tokio::io::{AsyncReadExt, ReadHalf};

use super::WireError;
use super::connection::Stream;

/// Longest reply that is read.
const REPLY_BYTES: usize = 64 << 20;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::conformance) struct Answered {
    pub(in crate::conformance) status: u16,
    headers: Vec<(String, String)>,
    pub(in crate::conformance) body: Vec<u8>,
}

impl Answered {
    pub(in crate::conformance) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    #[cfg(test)]
    pub(in crate::conformance) fn of(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { status, headers, body: body.as_bytes().to_vec() }
    }

    pub(super) fn keeps_alive(&self) -> bool {
        !self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

pub(super) async fn read_head(
    reader: &mut ReadHalf<Box<dyn Stream>>,
    read: &mut Vec<u8>,
) -> Result<Answered, WireError> {
    let end = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if read.len() > 1 << 20 {
            return Err(WireError::NotHttp("a head without end".to_owned()));
        }
        if more(reader, read).await? == 0 {
            return Err(WireError::Closed);
        }
    };
    let head: Vec<u8> = read.drain(..end).collect();
    let head = String::from_utf8_lossy(&head).into_owned();
    let not_http = || WireError::NotHttp(head.chars().take(80).collect());
    let mut lines = head.trim_end().lines();
    let status = lines.next().filter(|line| line.starts_with("HTTP/1."));
    let status = status.and_then(|line| line.split(' ').nth(1)?.parse().ok()).ok_or_else(not_http)?;
    let headers = lines.filter_map(|line| line.split_once(':'));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
    Ok(Answered { status, headers, body: Vec::new() })
}

pub(super) async fn read_body(
    reader: &mut ReadHalf<Box<dyn Stream>>,
    read: &mut Vec<u8>,
    mut answered: Answered,
) -> Result<Answered, WireError> {
    if answered.status == 204 || answered.status == 304 {
        return Ok(answered);
    }
    let chunked = answered.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
    if chunked {
        loop {
            let line = read_line(reader, read).await?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| WireError::NotHttp(line.clone()))?;
            if size == 0 {
                while !read_line(reader, read).await?.is_empty() {}
                return Ok(answered);
            }
            let mut chunk = take(reader, read, size.saturating_add(2)).await?;
            chunk.truncate(size);
            answered.body.append(&mut chunk);
        }
    }
    match answered.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => answered.body = take(reader, read, length).await?,
        None => {
            while more(reader, read).await? > 0 && read.len() < REPLY_BYTES {}
            answered.body = std::mem::take(read);
            answered.headers.push(("connection".to_owned(), "close".to_owned()));
        }
    }
    Ok(answered)
}

async fn read_line(reader: &mut ReadHalf<Box<dyn Stream>>, read: &mut Vec<u8>) -> Result<String, WireError> {
    loop {
        if let Some(at) = read.windows(2).position(|window| window == b"\r\n") {
            let line: Vec<u8> = read.drain(..at + 2).take(at).collect();
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
        if more(reader, read).await? == 0 {
            return Err(WireError::Closed);
        }
    }
}

async fn take(
    reader: &mut ReadHalf<Box<dyn Stream>>,
    read: &mut Vec<u8>,
    length: usize,
) -> Result<Vec<u8>, WireError> {
    if length > REPLY_BYTES {
        return Err(WireError::NotHttp(format!("an answer of {length} bytes")));
    }
    while read.len() < length {
        if more(reader, read).await? == 0 {
            return Err(WireError::Closed);
        }
    }
    Ok(read.drain(..length).collect())
}

async fn more(reader: &mut ReadHalf<Box<dyn Stream>>, read: &mut Vec<u8>) -> Result<usize, WireError> {
    let mut buffer = [0; 16 << 10];
    // A reset after the last byte of an answer is an end like another.
    let count = reader.read(&mut buffer).await.unwrap_or(0);
    read.extend_from_slice(buffer.get(..count).unwrap_or_default());
    Ok(count)
}
