//! Messages in the frames of gRPC.

use prost::Message;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Writes `E` and reads `D`.
pub(super) struct Frames<E, D>(PhantomData<(E, D)>);

impl<E, D> Default for Frames<E, D> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

/// What can be read from one frame.
pub(super) trait Frame: Sized + Send + 'static {
    /// Reads the frame.
    fn read(frame: &mut DecodeBuf<'_>) -> Result<Self, prost::DecodeError>;
}

impl<M: Message + Default + 'static> Frame for M {
    fn read(frame: &mut DecodeBuf<'_>) -> Result<Self, prost::DecodeError> {
        M::decode(frame)
    }
}

impl<E: Message + 'static, D: Frame> Codec for Frames<E, D> {
    type Encode = E;
    type Decode = D;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self {
        Self::default()
    }
}

impl<E: Message, D> Encoder for Frames<E, D> {
    type Item = E;
    type Error = Status;

    fn encode(&mut self, message: E, frame: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(frame).map_err(|error| Status::internal(error.to_string()))
    }
}

impl<E, D: Frame> Decoder for Frames<E, D> {
    type Item = D;
    type Error = Status;

    fn decode(&mut self, frame: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        D::read(frame).map(Some).map_err(|error| Status::data_loss(error.to_string()))
    }
}

/// An error with its causes, since those of gRPC name the cause alone in the last one.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |&cause| cause.source()) {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
    }
    text
}
