//! Columns of records of a fixed size: Arrow arrays, NumPy arrays and plain buffers.
//!
//! ```text
//! in    FixedSizeBinary(W), Binary, LargeBinary, BinaryView (Arrow PyCapsule interface, also in chunks)
//!       uint8[n, W], n · W bytes (buffer protocol)
//! out   values: FixedSizeBinary(V), null where the record was refused      errors: Utf8, null where it was not
//! ```
//!
//! A window of records is handed to the engine at once. Where a chunk has no null and its records lie one after another, the
//! engine reads the records in place. Other chunks are copied window by window.

use crate::error::Fault;
use arrow_array::builder::{NullBufferBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, FixedSizeBinaryArray, StructArray};
use arrow_buffer::Buffer;
use arrow_schema::{DataType, Field};
use phi_pre::error::DecodeError;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule, PyInt, PyString, PyTuple};
use pyo3_arrow::buffer::PyArrowBuffer;
use pyo3_arrow::ffi::{to_array_pycapsules, to_schema_pycapsule};
use pyo3_arrow::input::AnyArray;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// Records that are handed to the engine at once.
const WINDOW: usize = 4096;
/// The largest number of rows in one call: the texts of their errors fit into a column of Arrow.
const ROWS: usize = 1 << 24;

/// The records of a column.
pub(crate) struct Records {
    parts: Vec<Part>,
    len: usize,
}

/// Records of one chunk of a column.
enum Part {
    /// One behind the other.
    Plain(Buffer),
    Array(ArrayRef),
}

impl Records {
    /// Reads a column of records of `W` bytes. `what` names the records in errors.
    pub(crate) fn read<const W: usize>(object: &Bound<'_, PyAny>, what: &str) -> PyResult<Self> {
        let wrong = |found: String| {
            Fault::new("column", format!("{what}: {found}, where {W} bytes for each record are needed"))
        };
        if !object.hasattr("__arrow_c_array__")? && !object.hasattr("__arrow_c_stream__")? {
            let shaped: PyBuffer<u8> = object.extract().map_err(|_| wrong(format!("{}", object.get_type())))?;
            let (shape, bytes) = (shaped.shape(), shaped.len_bytes());
            if !shaped.is_c_contiguous() {
                return Err(wrong("a view with gaps".into()).into());
            }
            let rows = matches!(shape, [_]) || matches!(shape, [_, width] if *width == W);
            if !rows || bytes % W != 0 {
                return Err(wrong(format!("uint8{shape:?}")).into());
            }
            limited(bytes / W, what)?;
            let buffer = object.extract::<PyArrowBuffer>()?.into_inner();
            return Ok(Self { parts: vec![Part::Plain(buffer)], len: bytes / W });
        }
        // An object that breaks the protocol, for example by giving a capsule twice, makes the reader panic.
        let imported = catch_unwind(AssertUnwindSafe(|| -> PyResult<_> {
            Ok(object.extract::<AnyArray>()?.into_chunked_array()?)
        }));
        let column = match imported {
            Ok(Ok(column)) => column,
            Ok(Err(error)) => return Err(wrong(error.to_string()).into()),
            Err(_) => return Err(wrong("a column that breaks the Arrow PyCapsule interface".into()).into()),
        };
        match column.data_type() {
            DataType::FixedSizeBinary(width) if usize::try_from(*width) == Ok(W) => {}
            DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {}
            other => return Err(wrong(format!("a column of {other}")).into()),
        }
        let (arrays, _) = column.into_inner();
        let len = arrays.iter().map(Array::len).sum();
        limited(len, what)?;
        Ok(Self { parts: arrays.into_iter().map(Part::new::<W>).collect(), len })
    }

    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// Applies `kernel` to the records. It gives one result for each, in order.
    pub(crate) fn map<const W: usize, const V: usize>(
        &self,
        kernel: impl Fn(&[[u8; W]]) -> Vec<Result<[u8; V], DecodeError>>,
    ) -> Result<Batch, Fault> {
        self.map_at(|_, records| kernel(records))
    }

    /// As [`map`](Self::map), with the places of the records in the column.
    pub(crate) fn map_at<const W: usize, const V: usize>(
        &self,
        kernel: impl Fn(&[usize], &[[u8; W]]) -> Vec<Result<[u8; V], DecodeError>>,
    ) -> Result<Batch, Fault> {
        let mut values = Vec::with_capacity(self.len * V);
        let (mut nulls, mut errors) = (NullBufferBuilder::new(self.len), StringBuilder::with_capacity(self.len, 0));
        let mut refused = 0;
        self.windows(kernel, |result| match result {
            Ok(value) => {
                values.extend_from_slice(&value);
                nulls.append_non_null();
                errors.append_null();
            }
            Err(error) => {
                values.resize(values.len() + V, 0);
                nulls.append_null();
                errors.append_value(error);
                refused += 1;
            }
        });
        let array = FixedSizeBinaryArray::try_new(width(V)?, Buffer::from_vec(values), nulls.finish())
            .map_err(|e| arrow(&e))?;
        Ok(Batch { values: Arc::new(array), errors: Arc::new(errors.finish()), refused })
    }

    /// Applies `kernel` to the records, for results that are no bytes. Returns the results and the column of errors.
    pub(crate) fn each<const W: usize, T>(
        &self,
        kernel: impl Fn(&[[u8; W]]) -> Vec<Result<T, DecodeError>>,
    ) -> (Vec<Option<T>>, Column) {
        let mut values = Vec::with_capacity(self.len);
        let mut errors = StringBuilder::with_capacity(self.len, 0);
        self.windows(
            |_, records| kernel(records),
            |result| match result {
                Ok(value) => {
                    values.push(Some(value));
                    errors.append_null();
                }
                Err(error) => {
                    values.push(None);
                    errors.append_value(error);
                }
            },
        );
        (values, Column(Arc::new(errors.finish())))
    }

    /// Hands the records to `kernel`, window by window, and the result of each record to `done`, in order. A record that is
    /// null or of another length does not reach the kernel.
    fn windows<const W: usize, T>(
        &self,
        kernel: impl Fn(&[usize], &[[u8; W]]) -> Vec<Result<T, DecodeError>>,
        mut done: impl FnMut(Result<T, String>),
    ) {
        let mut at = 0;
        let (mut places, mut copied, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
        let text = |error: DecodeError| error.to_string();
        for part in &self.parts {
            let rows = part.rows::<W>();
            for start in (0..rows.len()).step_by(WINDOW) {
                let window = start..rows.len().min(start + WINDOW);
                let end = at + window.len();
                places.clear();
                if let Some(plain) = rows.plain() {
                    places.extend(at..end);
                    for result in kernel(&places, &plain[window]) {
                        done(result.map_err(text));
                    }
                } else {
                    copied.clear();
                    reasons.clear();
                    for (row, place) in window.zip(at..) {
                        reasons.push(
                            rows.get(row)
                                .map(|record| {
                                    places.push(place);
                                    copied.push(record);
                                })
                                .err(),
                        );
                    }
                    let mut results = kernel(&places, &copied).into_iter().map(|result| result.map_err(text));
                    for reason in reasons.drain(..) {
                        // One result for each record that reached the kernel.
                        match reason.map_or_else(|| results.next(), |reason| Some(Err(reason))) {
                            Some(result) => done(result),
                            None => return,
                        }
                    }
                }
                at = end;
            }
        }
    }
}

impl Part {
    /// An array without nulls whose values lie one behind the other becomes its bytes.
    fn new<const W: usize>(array: ArrayRef) -> Self {
        if array.is_empty() {
            return Self::Plain(Buffer::from_vec(Vec::<u8>::new())); // its offsets may lie behind its values
        }
        if array.null_count() > 0 {
            return Self::Array(array);
        }
        let plain = match array.data_type() {
            DataType::FixedSizeBinary(_) => {
                let array = array.as_fixed_size_binary();
                let bytes = array.value_data();
                Some(array.values().slice_with_length(offset(array.values(), bytes), bytes.len()))
            }
            DataType::Binary => {
                let array = array.as_binary::<i32>();
                let offsets: Vec<usize> =
                    array.value_offsets().iter().filter_map(|at| usize::try_from(*at).ok()).collect();
                even::<W>(&offsets).then(|| array.values().slice_with_length(offsets[0], array.len() * W))
            }
            DataType::LargeBinary => {
                let array = array.as_binary::<i64>();
                let offsets: Vec<usize> =
                    array.value_offsets().iter().filter_map(|at| usize::try_from(*at).ok()).collect();
                even::<W>(&offsets).then(|| array.values().slice_with_length(offsets[0], array.len() * W))
            }
            _ => None,
        };
        plain.map_or(Self::Array(array), Self::Plain)
    }

    fn rows<const W: usize>(&self) -> Rows<'_, W> {
        match self {
            Self::Plain(buffer) => Rows::Plain(buffer.as_chunks().0),
            Self::Array(array) => Rows::Array(array),
        }
    }
}

/// Whether each value has `W` bytes.
fn even<const W: usize>(offsets: &[usize]) -> bool {
    offsets.windows(2).all(|pair| pair[1].checked_sub(pair[0]) == Some(W)) && !offsets.is_empty()
}

/// Where `part` begins in `whole`.
fn offset(whole: &Buffer, part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(whole.as_ptr() as usize)
}

/// The rows of one part.
enum Rows<'a, const W: usize> {
    Plain(&'a [[u8; W]]),
    Array(&'a ArrayRef),
}

impl<'a, const W: usize> Rows<'a, W> {
    fn len(&self) -> usize {
        match self {
            Self::Plain(records) => records.len(),
            Self::Array(array) => array.len(),
        }
    }

    const fn plain(&self) -> Option<&'a [[u8; W]]> {
        match self {
            Self::Plain(records) => Some(records),
            Self::Array(_) => None,
        }
    }

    /// One record, or why it is none.
    fn get(&self, row: usize) -> Result<[u8; W], String> {
        let bytes = match self {
            Self::Plain(records) => return Ok(records[row]),
            Self::Array(array) if array.is_null(row) => return Err("null".into()),
            Self::Array(array) => match array.data_type() {
                DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().value(row),
                DataType::Binary => array.as_binary::<i32>().value(row),
                DataType::LargeBinary => array.as_binary::<i64>().value(row),
                _ => array.as_binary_view().value(row),
            },
        };
        bytes.try_into().map_err(|_| format!("{} bytes where {W} are needed", bytes.len()))
    }
}

fn limited(rows: usize, what: &str) -> Result<(), Fault> {
    if rows <= ROWS {
        return Ok(());
    }
    Err(Fault::new("limit", format!("{what}: {rows} rows, more than the limit of {ROWS}")))
}

fn width(bytes: usize) -> Result<i32, Fault> {
    i32::try_from(bytes).map_err(|e| Fault::new("column", e.to_string()))
}

fn arrow(error: &arrow_schema::ArrowError) -> Fault {
    Fault::new("column", error.to_string())
}

/// A column of Arrow: values of a fixed size, or texts. Any object that takes the Arrow PyCapsule interface can read it
/// without a copy: pyarrow.array(column), polars.Series(column). numpy.asarray(column) is uint8[n, width], with zeros where
/// the column is null.
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct Column(ArrayRef);

impl Column {
    /// A column of these values, without nulls.
    pub(crate) fn of(values: Vec<u8>, bytes: usize) -> Result<Self, Fault> {
        let array =
            FixedSizeBinaryArray::try_new(width(bytes)?, Buffer::from_vec(values), None).map_err(|e| arrow(&e))?;
        Ok(Self(Arc::new(array)))
    }

    fn bytes(&self) -> Result<&FixedSizeBinaryArray, Fault> {
        self.0.as_fixed_size_binary_opt().ok_or_else(|| Fault::new("column", "a column of texts has no buffer"))
    }
}

#[pymethods]
impl Column {
    /// The number of nulls.
    #[getter]
    fn null_count(&self) -> usize {
        self.0.null_count()
    }

    /// All values, one behind the other, as an object with the buffer protocol. Nulls are zeros.
    fn buffer(&self) -> Result<PyArrowBuffer, Fault> {
        Ok(PyArrowBuffer::new(self.bytes()?.values().clone()))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    fn __getitem__<'py>(&self, py: Python<'py>, index: &Bound<'py, PyInt>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let n = self.0.len();
        let outside = || PyIndexError::new_err(format!("row {index} of {n}"));
        let index: isize = index.extract().map_err(|_| outside())?;
        let from_end = || n.checked_sub(index.unsigned_abs());
        let at = usize::try_from(index).ok().or_else(from_end).filter(|at| *at < n);
        let at = at.ok_or_else(outside)?;
        if self.0.is_null(at) {
            return Ok(None);
        }
        Ok(Some(match self.0.as_fixed_size_binary_opt() {
            Some(array) => PyBytes::new(py, array.value(at)).into_any(),
            None => PyString::new(py, self.0.as_string::<i32>().value(at)).into_any(),
        }))
    }

    #[pyo3(signature = (dtype=None, copy=None))]
    fn __array__<'py>(
        &self,
        py: Python<'py>,
        dtype: Option<Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (numpy, width) = (py.import("numpy")?, self.bytes()?.value_length());
        let flat = numpy.call_method1("frombuffer", (self.buffer()?, numpy.getattr("uint8")?))?;
        let array = flat.call_method1("reshape", (self.0.len(), width))?;
        let wanted = dtype.map_or_else(|| array.getattr("dtype"), |dtype| numpy.call_method1("dtype", (dtype,)))?;
        if wanted.eq(array.getattr("dtype")?)? {
            return if copy == Some(true) { array.call_method0("copy") } else { Ok(array) };
        }
        if copy == Some(false) {
            return Err(PyValueError::new_err("another dtype needs a copy"));
        }
        array.call_method1("astype", (wanted,))
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        export(py, &self.0, requested_schema)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.0.data_type())?)
    }

    fn __repr__(&self) -> String {
        format!("Column({}, {} rows, {} null)", self.0.data_type(), self.0.len(), self.0.null_count())
    }
}

fn export<'py>(
    py: Python<'py>,
    array: &ArrayRef,
    requested_schema: Option<Bound<'py, PyCapsule>>,
) -> PyResult<Bound<'py, PyTuple>> {
    let field = Arc::new(Field::new("", array.data_type().clone(), true));
    Ok(to_array_pycapsules(py, field, array, requested_schema)?)
}

/// The result of a batch: a column of values and a column of errors. A row has one of both. The whole is an Arrow struct,
/// so pyarrow.record_batch(batch) has the columns "value" and "error".
#[pyclass(frozen, module = "phi_pre")]
pub(crate) struct Batch {
    values: ArrayRef,
    errors: ArrayRef,
    refused: usize,
}

impl Batch {
    fn whole(&self) -> ArrayRef {
        let field = |name: &str, array: &ArrayRef| Arc::new(Field::new(name, array.data_type().clone(), true));
        Arc::new(StructArray::from(vec![
            (field("value", &self.values), Arc::clone(&self.values)),
            (field("error", &self.errors), Arc::clone(&self.errors)),
        ]))
    }
}

#[pymethods]
impl Batch {
    /// The values, null where a record was refused.
    #[getter]
    fn values(&self) -> Column {
        Column(Arc::clone(&self.values))
    }

    /// The reasons, null where a record was not refused.
    #[getter]
    fn errors(&self) -> Column {
        Column(Arc::clone(&self.errors))
    }

    /// The number of refused records.
    #[getter]
    const fn refused(&self) -> usize {
        self.refused
    }

    fn __len__(&self) -> usize {
        self.values.len()
    }

    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyCapsule>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        export(py, &self.whole(), requested_schema)
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        Ok(to_schema_pycapsule(py, self.whole().data_type())?)
    }

    fn __repr__(&self) -> String {
        format!("Batch({} rows, {} refused)", self.values.len(), self.refused)
    }
}
