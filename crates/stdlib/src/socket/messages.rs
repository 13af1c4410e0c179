//! Messages with ancillary data: `sendmsg`, `recvmsg`, `recvmsg_into`.

use vm::prelude::*;

use super::address::Address;
use super::{Event, Socket};

/// Of the data of items, and of all of them.
const MOST: i64 = 0x7fff_ffff;

/// The room that an item with so much data takes, with or without padding.
pub fn item_size(th: &mut Thread, length: i64, function: &str, padded: bool) -> PyResult<i64> {
    let own = if padded { space(1) } else { header(0) } as i64;
    if !(0..=MOST - own).contains(&length) {
        return Err(th.overflow_error(format_args!("{function}() argument out of range")));
    }
    Ok(if padded { space(length as usize) } else { header(length as usize) } as i64)
}

fn header(length: usize) -> usize {
    // SAFETY: arithmetic only.
    unsafe { libc::CMSG_LEN(length as u32) as usize }
}

fn space(length: usize) -> usize {
    // SAFETY: arithmetic only.
    unsafe { libc::CMSG_SPACE(length as u32) as usize }
}

/// Memory for items, aligned as their headers must be.
fn control_room(size: usize) -> Vec<u64> {
    vec![0; size.div_ceil(8)]
}

fn empty_message() -> libc::msghdr {
    // SAFETY: zeroes are a message with nothing in it.
    unsafe { std::mem::zeroed() }
}

/// An item to send.
struct Item {
    level: i32,
    kind: i32,
    data: Vec<u8>,
}

fn items_of(th: &mut Thread, ancdata: Option<&Value>) -> PyResult<Vec<Item>> {
    let Some(ancdata) = ancdata.filter(|a| !a.is_none()) else { return Ok(Vec::new()) };
    let mut items = Vec::new();
    for item in th.collect(ancdata)? {
        let parts = match th.downcast::<Tuple>(&item) {
            Some(tuple) if tuple.len() == 3 => tuple.items().to_vec(),
            _ => th.collect(&item)?,
        };
        let [level, kind, data] = &parts[..] else {
            return Err(
                th.type_error("[sendmsg() ancillary data items] argument must be sequence of length 3")
            );
        };
        let (level, kind) = (th.index(level)?, th.index(kind)?);
        let data = th.buffer_to_vec(data)?;
        if data.len() as i64 > MOST - 32 {
            return Err(th.raise_exc(Exc::OSError, "ancillary data item too large"));
        }
        items.push(Item { level: level as i32, kind: kind as i32, data });
    }
    Ok(items)
}

/// `socket.sendmsg`
pub fn send(
    socket: &Socket,
    th: &mut Thread,
    buffers: &Value,
    ancdata: Option<&Value>,
    flags: i32,
    address: Option<&Value>,
) -> PyResult<usize> {
    let collected = th.collect(buffers);
    let Some(buffers) = th.catch(collected, Exc::TypeError)? else {
        return Err(th.type_error("sendmsg() argument 1 must be iterable"));
    };
    let mut parts = Vec::with_capacity(buffers.len());
    for buffer in &buffers {
        parts.push(th.buffer_to_vec(buffer)?);
    }
    let items = items_of(th, ancdata)?;
    let address = match address.filter(|a| !a.is_none()) {
        Some(address) => Some(Address::from_value(th, socket.family(), address, "sendmsg")?),
        None => None,
    };
    let mut vectors: Vec<libc::iovec> = parts
        .iter_mut()
        .map(|part| libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() })
        .collect();
    let size: usize = items.iter().map(|item| space(item.data.len())).sum();
    let mut control = control_room(size);
    let mut message = empty_message();
    if let Some(address) = &address {
        message.msg_name = address.as_ptr().cast_mut().cast();
        message.msg_namelen = address.length();
    }
    message.msg_iov = vectors.as_mut_ptr();
    message.msg_iovlen = vectors.len() as _;
    if size > 0 {
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size as _;
    }
    // SAFETY: the room holds all items, so that each step finds the place of the next one.
    let mut place = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    for item in &items {
        // SAFETY: null or a header within the room.
        let Some(head) = (unsafe { place.as_mut() }) else { break };
        head.cmsg_level = item.level;
        head.cmsg_type = item.kind;
        head.cmsg_len = header(item.data.len()) as _;
        // SAFETY: after the header there is room for the data.
        unsafe {
            std::ptr::copy_nonoverlapping(item.data.as_ptr(), libc::CMSG_DATA(place), item.data.len());
        }
        // SAFETY: as for the first.
        place = unsafe { libc::CMSG_NXTHDR(&raw const message, place) };
    }
    socket.call(th, Event::Write, |fd| {
        // SAFETY: all that the message names lives across the call.
        unsafe { libc::sendmsg(fd, &raw const message, flags) }
    })
}

/// What was received beside the data.
struct Received {
    count: usize,
    items: Vec<Item>,
    flags: i32,
    address: Address,
}

fn receive_parts(
    socket: &Socket,
    th: &mut Thread,
    parts: &mut [Vec<u8>],
    ancillary: i64,
    flags: i32,
) -> PyResult<Received> {
    if !(0..=MOST).contains(&ancillary) {
        return Err(th.value_error("invalid ancillary data buffer length"));
    }
    let mut vectors: Vec<libc::iovec> = parts
        .iter_mut()
        .map(|part| libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() })
        .collect();
    let size = ancillary as usize;
    let mut control = control_room(size);
    let mut address = Address::empty();
    let mut message = empty_message();
    let count = socket.call(th, Event::Read, |fd| {
        address = Address::empty();
        message = empty_message();
        message.msg_name = address.as_mut_ptr().cast();
        message.msg_namelen = address.length();
        message.msg_iov = vectors.as_mut_ptr();
        message.msg_iovlen = vectors.len() as _;
        message.msg_control = if size == 0 { std::ptr::null_mut() } else { control.as_mut_ptr().cast() };
        message.msg_controllen = size as _;
        // SAFETY: all that the message names has the size it says and lives across the call.
        unsafe { libc::recvmsg(fd, &raw mut message, flags) }
    })?;
    *address.length_mut() = message.msg_namelen;
    let mut items = Vec::new();
    // SAFETY: the system filled the room and said how much of it.
    let mut place = unsafe { libc::CMSG_FIRSTHDR(&raw const message) };
    // SAFETY: null or a header within the room.
    while let Some(head) = unsafe { place.as_ref() } {
        let start = place as usize - message.msg_control as usize + header(0);
        let end = (start + head.cmsg_len.saturating_sub(header(0))).min(size);
        // SAFETY: within the room, which the system filled so far.
        let data = unsafe {
            std::slice::from_raw_parts(
                message.msg_control.cast::<u8>().add(start.min(end)),
                end - start.min(end),
            )
        };
        items.push(Item { level: head.cmsg_level, kind: head.cmsg_type, data: data.to_vec() });
        // SAFETY: as for the first.
        place = unsafe { libc::CMSG_NXTHDR(&raw const message, place) };
    }
    Ok(Received { count, items, flags: message.msg_flags, address })
}

fn answer(th: &mut Thread, first: Value, received: Received) -> PyResult {
    let mut items = Vec::with_capacity(received.items.len());
    for item in received.items {
        let parts = vec![th.int(item.level.into()), th.int(item.kind.into()), th.bytes(&item.data)?];
        items.push(th.tuple(parts));
    }
    let parts = vec![first, th.list(items), th.int(received.flags.into()), received.address.value(th)?];
    Ok(th.tuple(parts))
}

/// `socket.recvmsg`
pub fn receive(socket: &Socket, th: &mut Thread, size: i64, ancillary: i64, flags: i32) -> PyResult {
    if size < 0 {
        return Err(th.value_error("negative buffer size in recvmsg()"));
    }
    let mut parts = [super::room(th, size, "recvmsg()")?];
    let received = receive_parts(socket, th, &mut parts, ancillary, flags)?;
    let first = th.bytes(&parts[0][..received.count.min(parts[0].len())])?;
    answer(th, first, received)
}

/// `socket.recvmsg_into`
pub fn receive_into(
    socket: &Socket,
    th: &mut Thread,
    buffers: &Value,
    ancillary: i64,
    flags: i32,
) -> PyResult {
    let collected = th.collect(buffers);
    let Some(buffers) = th.catch(collected, Exc::TypeError)? else {
        return Err(th.type_error("recvmsg_into() argument 1 must be iterable"));
    };
    let mut parts = Vec::with_capacity(buffers.len());
    for buffer in &buffers {
        parts.push(super::part(th, buffer, None, "recvmsg_into")?);
    }
    let received = receive_parts(socket, th, &mut parts, ancillary, flags)?;
    let mut left = received.count;
    for (buffer, part) in buffers.iter().zip(&parts) {
        let count = left.min(part.len());
        super::fill(th, buffer, &part[..count])?;
        left -= count;
    }
    let first = th.int(received.count as i64);
    answer(th, first, received)
}
