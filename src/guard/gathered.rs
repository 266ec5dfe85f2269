//! Gathers what is written to a stream, so that the answers of many calls leave with one system call: the
//! framework flushes after each, which costs more than most of what else a read takes.
//!
//! A flush is put off until the next turn of the task that asks for it, who is told that there must be one.

use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most bytes that are gathered; more are sent before others are taken.
const BUFFER_BYTES: usize = 64 * 1024;

/// So many bytes are not worth being copied.
const LONG_BYTES: usize = 32 * 1024;

/// How a client begins that speaks HTTP/2. Whoever serves it reads at each turn, which sends what was put off;
/// HTTP/1.1 has no such turns, and is flushed when asked.
const PREFACE: &[u8] = b"PRI ";

/// What a stream and its task tell each other.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    has_begun: AtomicBool,
    is_due: AtomicBool,
}

impl Turns {
    /// A turn begins: what was put off is sent.
    pub fn begin(&self) {
        self.0.has_begun.store(true, Ordering::Relaxed);
    }

    /// Whether one has begun since this was asked.
    fn has_begun(&self) -> bool {
        self.0.has_begun.swap(false, Ordering::Relaxed)
    }

    /// Whether another turn must follow since something was put off, since this was asked.
    pub fn is_due(&self) -> bool {
        self.0.is_due.swap(false, Ordering::Relaxed)
    }
}

/// A stream whose writes are gathered.
pub struct Gathered<S> {
    stream: S,
    turns: Turns,
    /// What was written; the first `sent` bytes of it are sent. Empty, it takes no memory.
    buffer: Vec<u8>,
    sent: usize,
    /// Whether flushes may be put off; unset before anything was read.
    defers: Option<bool>,
    /// Whether a flush was put off.
    is_due: bool,
    /// Whether the stream takes no more for now, and wakes the task when it does again.
    is_blocked: bool,
}

impl<S> Gathered<S> {
    pub fn new(stream: S) -> Self {
        Self {
            stream,
            turns: Turns::default(),
            buffer: Vec::new(),
            sent: 0,
            defers: None,
            is_due: false,
            is_blocked: false,
        }
    }

    pub fn turns(&self) -> &Turns {
        &self.turns
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    /// Sends all that was gathered.
    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.is_blocked = true;
        while self.sent < self.buffer.len() {
            let rest = &self.buffer[self.sent..];
            match ready!(Pin::new(&mut self.stream).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.is_blocked = false;
        self.buffer = Vec::new();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    fn poll_flush_now(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_send(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.is_due = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathered<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Reading goes on where nothing can be sent.
        if this.is_due
            && this.turns.has_begun()
            && let Poll::Ready(Err(error)) = this.poll_flush_now(context)
        {
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        let read = &buffer.filled()[before..];
        if this.defers.is_none() && !read.is_empty() {
            this.defers = Some(read.starts_with(PREFACE));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathered<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let length = slices.iter().map(|slice| slice.len()).sum::<usize>();
        if this.buffer.len() + length > BUFFER_BYTES {
            ready!(this.poll_send(context))?;
        }
        if this.buffer.is_empty() && length >= LONG_BYTES {
            return Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        }
        this.buffer.reserve_exact(BUFFER_BYTES - this.buffer.len());
        for slice in slices {
            this.buffer.extend_from_slice(slice);
        }
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.buffer.is_empty() || this.defers != Some(true) {
            return this.poll_flush_now(context);
        }
        this.is_due = true;
        if !this.is_blocked {
            this.turns.0.is_due.store(true, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    /// A stream that takes so many bytes at once, and has one thing to read.
    struct Recorder {
        to_read: &'static [u8],
        writes: Vec<Vec<u8>>,
        takes: usize,
        is_shut: bool,
    }

    impl AsyncRead for Recorder {
        fn poll_read(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buffer: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            match std::mem::take(&mut self.to_read) {
                [] => Poll::Pending,
                read => {
                    buffer.put_slice(read);
                    Poll::Ready(Ok(()))
                }
            }
        }
    }

    impl AsyncWrite for Recorder {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            match bytes.len().min(self.takes) {
                0 => Poll::Pending,
                taken => {
                    self.writes.push(bytes[..taken].to_vec());
                    Poll::Ready(Ok(taken))
                }
            }
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.is_shut = true;
            Poll::Ready(Ok(()))
        }
    }

    struct Task {
        gathered: Gathered<Recorder>,
    }

    impl Task {
        /// A client has begun so.
        fn of(begin: &'static [u8]) -> Self {
            let mut task = Self {
                gathered: Gathered::new(Recorder {
                    to_read: begin,
                    writes: Vec::new(),
                    takes: usize::MAX,
                    is_shut: false,
                }),
            };
            assert!(task.read().is_ready());
            task
        }

        fn with<T>(
            &mut self,
            of: impl Fn(Pin<&mut Gathered<Recorder>>, &mut Context<'_>) -> T,
        ) -> T {
            of(
                Pin::new(&mut self.gathered),
                &mut Context::from_waker(Waker::noop()),
            )
        }

        /// The task's next turn, which begins with reading.
        fn turn(&mut self) -> Poll<io::Result<()>> {
            self.gathered.turns().begin();
            self.read()
        }

        fn read(&mut self) -> Poll<io::Result<()>> {
            let mut bytes = [0; 64];
            let mut buffer = ReadBuf::new(&mut bytes);
            let mut context = Context::from_waker(Waker::noop());
            Pin::new(&mut self.gathered).poll_read(&mut context, &mut buffer)
        }

        fn write(&mut self, bytes: &[u8]) -> bool {
            let polled = self.with(|stream, context| stream.poll_write(context, bytes));
            match polled {
                Poll::Ready(written) => written.expect("it is written") == bytes.len(),
                Poll::Pending => false,
            }
        }

        fn flush(&mut self) {
            let polled = self.with(|stream, context| stream.poll_flush(context));
            assert!(matches!(polled, Poll::Ready(Ok(()))));
        }

        fn writes(&self) -> &[Vec<u8>] {
            &self.gathered.stream.writes
        }

        fn is_due(&self) -> bool {
            self.gathered.turns().is_due()
        }
    }

    const HTTP2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    #[test]
    fn answers_of_one_turn_leave_together_at_the_next() {
        let mut task = Task::of(HTTP2);
        for answer in [b"one ", b"two "] {
            assert!(task.write(answer));
            task.flush();
            assert!(task.read().is_pending(), "the turn goes on");
        }
        assert!(task.writes().is_empty());
        assert!(task.is_due(), "the next turn is asked for");
        assert!(task.turn().is_pending());
        assert_eq!(task.writes(), [b"one two ".to_vec()]);
        assert_eq!(
            task.gathered.buffer.capacity(),
            0,
            "silent connections take no memory"
        );
        task.flush();
        assert!(!task.is_due(), "nothing is left for a further turn");
    }

    #[test]
    fn http_1_is_flushed_when_it_asks() {
        let mut task = Task::of(b"POST / HTTP/1.1\r\n");
        assert!(task.write(b"one"));
        task.flush();
        assert_eq!(task.writes(), [b"one".to_vec()]);
    }

    #[test]
    fn what_does_not_fit_is_sent_before_and_in_order() {
        let mut task = Task::of(HTTP2);
        let mut all = Vec::new();
        for (number, length) in [1, 40_000, 20_000, 31_000, 100_000, 5, 65_536, 7]
            .into_iter()
            .enumerate()
        {
            let bytes = vec![u8::try_from(number).expect("a few"); length];
            assert!(task.write(&bytes));
            assert!(task.gathered.buffer.len() <= BUFFER_BYTES);
            all.extend(bytes);
        }
        task.flush();
        assert!(task.turn().is_pending());
        assert_eq!(task.writes().concat(), all);
    }

    #[test]
    fn a_stream_that_takes_nothing_is_waited_for_without_turning() {
        let mut task = Task::of(HTTP2);
        assert!(task.write(b"one "));
        task.flush();
        task.gathered.stream.takes = 0;
        assert!(task.turn().is_pending());
        assert!(task.is_due());
        assert!(task.write(b"two "));
        assert!(task.write(&[b'x'; 31_000]));
        assert!(task.write(&[b'x'; 31_000]));
        task.flush();
        assert!(
            !task.write(&[b'x'; 10_000]),
            "no more than the buffer is taken"
        );
        assert!(!task.is_due(), "the stream wakes it, no turn helps");
        task.gathered.stream.takes = 3;
        assert!(task.write(&[b'x'; 10_000]));
        task.flush();
        assert!(
            task.is_due(),
            "it takes again: nothing else would send the rest"
        );
        assert!(task.turn().is_pending());
        let sent = task.writes().concat();
        assert!(sent.starts_with(b"one two xxx"));
        assert_eq!(sent.len(), 8 + 72_000);
    }

    #[test]
    fn a_shutdown_sends_what_was_gathered() {
        let mut task = Task::of(HTTP2);
        assert!(task.write(b"one"));
        let polled = task.with(|stream, context| stream.poll_shutdown(context));
        assert!(matches!(polled, Poll::Ready(Ok(()))));
        assert_eq!(task.writes(), [b"one".to_vec()]);
        assert!(task.gathered.stream.is_shut);
    }
}
