//! Addresses of sockets: Python values and the system's structures.

use std::net::{Ipv4Addr, Ipv6Addr};

use vm::prelude::*;

use super::names;

/// An address as the system takes it.
#[derive(Clone, Copy)]
pub struct Address {
    storage: libc::sockaddr_storage,
    length: libc::socklen_t,
}

impl Address {
    /// Room for any address.
    pub fn empty() -> Address {
        // SAFETY: zeroes are an address of family AF_UNSPEC.
        let storage = unsafe { std::mem::zeroed() };
        Address { storage, length: size_of::<libc::sockaddr_storage>() as libc::socklen_t }
    }

    fn of<T>(address: &T, length: usize) -> Address {
        let mut whole = Address::empty();
        let length = length.min(size_of::<T>()).min(size_of::<libc::sockaddr_storage>());
        // SAFETY: both are plain data, as large as `length` at least, and do not overlap.
        unsafe {
            std::ptr::copy_nonoverlapping(
                std::ptr::from_ref(address).cast::<u8>(),
                (&raw mut whole.storage).cast::<u8>(),
                length,
            );
        }
        whole.length = length as libc::socklen_t;
        whole
    }

    /// An address that the system wrote.
    pub fn from_raw(address: *const libc::sockaddr, length: libc::socklen_t) -> Address {
        let mut whole = Address::empty();
        let length = (length as usize).min(size_of::<libc::sockaddr_storage>());
        if !address.is_null() {
            // SAFETY: the caller has it from the system, which says how long it is.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    address.cast::<u8>(),
                    (&raw mut whole.storage).cast::<u8>(),
                    length,
                );
            }
        }
        whole.length = length as libc::socklen_t;
        whole
    }

    /// For the system to read.
    pub fn as_ptr(&self) -> *const libc::sockaddr {
        (&raw const self.storage).cast()
    }

    /// For the system to write to.
    pub fn as_mut_ptr(&mut self) -> *mut libc::sockaddr {
        (&raw mut self.storage).cast()
    }

    /// How long it is.
    pub fn length(&self) -> libc::socklen_t {
        self.length
    }

    /// For the system to write to.
    pub fn length_mut(&mut self) -> &mut libc::socklen_t {
        &mut self.length
    }

    fn family(&self) -> i32 {
        if (self.length as usize) < size_of::<libc::sa_family_t>() {
            return libc::AF_UNSPEC;
        }
        self.storage.ss_family.into()
    }

    fn view<T: Copy>(&self) -> T {
        const { assert!(size_of::<T>() <= size_of::<libc::sockaddr_storage>()) };
        // SAFETY: T is one of the system's address structures, all of which fit and may hold any bytes.
        unsafe { std::ptr::read_unaligned((&raw const self.storage).cast::<T>()) }
    }

    /// Sets the port of an internet address.
    pub fn with_port(self, port: u16) -> Address {
        match self.family() {
            libc::AF_INET => {
                let mut inner: libc::sockaddr_in = self.view();
                inner.sin_port = port.to_be();
                Address::of(&inner, size_of_val(&inner))
            }
            libc::AF_INET6 => {
                let mut inner: libc::sockaddr_in6 = self.view();
                inner.sin6_port = port.to_be();
                Address::of(&inner, size_of_val(&inner))
            }
            _ => self,
        }
    }

    /// Sets flow information and scope of an IPv6 address.
    pub fn with_scope(self, flow: u32, scope: u32) -> Address {
        if self.family() != libc::AF_INET6 {
            return self;
        }
        let mut inner: libc::sockaddr_in6 = self.view();
        inner.sin6_flowinfo = flow.to_be();
        inner.sin6_scope_id = scope;
        Address::of(&inner, size_of_val(&inner))
    }

    /// An IPv4 address.
    pub fn v4(host: Ipv4Addr, port: u16) -> Address {
        // SAFETY: zeroes are a valid structure.
        let mut inner: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        inner.sin_family = libc::AF_INET as libc::sa_family_t;
        inner.sin_port = port.to_be();
        inner.sin_addr.s_addr = u32::from(host).to_be();
        Address::of(&inner, size_of_val(&inner))
    }

    /// An IPv6 address.
    pub fn v6(host: Ipv6Addr, port: u16, flow: u32, scope: u32) -> Address {
        // SAFETY: zeroes are a valid structure.
        let mut inner: libc::sockaddr_in6 = unsafe { std::mem::zeroed() };
        inner.sin6_family = libc::AF_INET6 as libc::sa_family_t;
        inner.sin6_port = port.to_be();
        inner.sin6_flowinfo = flow.to_be();
        inner.sin6_addr.s6_addr = host.octets();
        inner.sin6_scope_id = scope;
        Address::of(&inner, size_of_val(&inner))
    }

    /// The IP address alone, as text.
    pub fn host(&self) -> Option<String> {
        match self.family() {
            libc::AF_INET => {
                let inner: libc::sockaddr_in = self.view();
                Some(Ipv4Addr::from(u32::from_be(inner.sin_addr.s_addr)).to_string())
            }
            libc::AF_INET6 => {
                let inner: libc::sockaddr_in6 = self.view();
                Some(names::inet6_text(&inner.sin6_addr.s6_addr))
            }
            _ => None,
        }
    }

    /// The Python value: what `getsockname` and others answer.
    pub fn value(&self, th: &mut Thread) -> PyResult {
        match self.family() {
            libc::AF_INET => {
                let inner: libc::sockaddr_in = self.view();
                let host = th.str(&self.host().unwrap_or_default());
                let port = th.int(u16::from_be(inner.sin_port).into());
                Ok(th.tuple(vec![host, port]))
            }
            libc::AF_INET6 => {
                let inner: libc::sockaddr_in6 = self.view();
                let host = th.str(&self.host().unwrap_or_default());
                let numbers = [
                    u16::from_be(inner.sin6_port).into(),
                    u32::from_be(inner.sin6_flowinfo).into(),
                    i64::from(inner.sin6_scope_id),
                ];
                let mut items = vec![host];
                items.extend(numbers.map(|number| th.int(number)));
                Ok(th.tuple(items))
            }
            libc::AF_UNIX => {
                let inner: libc::sockaddr_un = self.view();
                let start = std::mem::offset_of!(libc::sockaddr_un, sun_path);
                let length = (self.length as usize).saturating_sub(start).min(inner.sun_path.len());
                let path: Vec<u8> = inner.sun_path[..length].iter().map(|c| *c as u8).collect();
                if path.first() == Some(&0) {
                    // A name in the abstract namespace.
                    return th.bytes(&path);
                }
                let end = path.iter().position(|byte| *byte == 0).unwrap_or(path.len());
                crate::os_text::decode(th, &path[..end])
            }
            libc::AF_UNSPEC => Ok(Value::NONE),
            family => {
                let number = th.int(family.into());
                let start = size_of::<libc::sa_family_t>().min(self.length as usize);
                // SAFETY: the storage is plain data of its own size.
                let bytes = unsafe {
                    std::slice::from_raw_parts((&raw const self.storage).cast::<u8>(), self.length as usize)
                };
                let data = th.bytes(&bytes[start..])?;
                Ok(th.tuple(vec![number, data]))
            }
        }
    }

    /// Reads a Python value for a socket of a family; `function` is named in messages.
    pub fn from_value(th: &mut Thread, family: i32, value: &Value, function: &str) -> PyResult<Address> {
        match family {
            libc::AF_INET => {
                let items = tuple(th, value, "AF_INET", function)?;
                let [host, port] = &items[..] else {
                    return Err(wrong_length(th, function, "(host, port)"));
                };
                let port = port_of(th, port, function)?;
                Ok(names::resolve(th, host, libc::AF_INET)?.with_port(port))
            }
            libc::AF_INET6 => {
                let items = tuple(th, value, "AF_INET6", function)?;
                let (Some(host), Some(port), 2..=4) = (items.first(), items.get(1), items.len()) else {
                    return Err(wrong_length(th, function, "(host, port[, flowinfo[, scopeid]])"));
                };
                let port = port_of(th, port, function)?;
                let mut numbers = [0u32; 2];
                for (number, item) in numbers.iter_mut().zip(items.iter().skip(2)) {
                    let given = th.index(item)?;
                    *number = u32::try_from(given).map_err(|_| {
                        th.overflow_error("Python int too large to convert to C unsigned long")
                    })?;
                }
                if numbers[0] > 0xf_ffff {
                    return Err(th.overflow_error(format_args!("{function}(): flowinfo must be 0-1048575.")));
                }
                let found = names::resolve(th, host, libc::AF_INET6)?;
                let inner: libc::sockaddr_in6 = found.view();
                let scope = if numbers[1] != 0 { numbers[1] } else { inner.sin6_scope_id };
                Ok(Address::v6(Ipv6Addr::from(inner.sin6_addr.s6_addr), port, numbers[0], scope))
            }
            libc::AF_UNIX => {
                let path = if th.as_str(value).is_some() {
                    crate::os_text::encode(th, value)?
                } else {
                    th.buffer_to_vec(value)?
                };
                // SAFETY: zeroes are a valid structure.
                let mut inner: libc::sockaddr_un = unsafe { std::mem::zeroed() };
                inner.sun_family = libc::AF_UNIX as libc::sa_family_t;
                // A name in the abstract namespace may use all room; a path is ended by a zero byte.
                let room = inner.sun_path.len() - usize::from(path.first() != Some(&0));
                if path.len() > room {
                    return Err(th.raise_exc(Exc::OSError, "AF_UNIX path too long"));
                }
                for (to, from) in inner.sun_path.iter_mut().zip(&path) {
                    *to = *from as libc::c_char;
                }
                let start = std::mem::offset_of!(libc::sockaddr_un, sun_path);
                let end =
                    if path.first() == Some(&0) || path.is_empty() { path.len() } else { path.len() + 1 };
                Ok(Address::of(&inner, start + end))
            }
            _ => Err(th.raise_exc(Exc::OSError, format_args!("{function}(): bad family"))),
        }
    }
}

fn tuple(th: &mut Thread, value: &Value, family: &str, function: &str) -> PyResult<Vec<Value>> {
    match th.downcast::<Tuple>(value) {
        Some(tuple) => Ok(tuple.items().to_vec()),
        None => {
            let found = th.type_name(value);
            Err(th.type_error(format_args!("{function}(): {family} address must be tuple, not {found}")))
        }
    }
}

fn wrong_length(th: &mut Thread, function: &str, form: &str) -> Raised {
    let family = if form.contains("flow") { "AF_INET6" } else { "AF_INET" };
    let kind = if family == "AF_INET" { "a pair" } else { "a tuple" };
    th.type_error(format_args!("{function}(): {family} address must be {kind} {form}"))
}

fn port_of(th: &mut Thread, value: &Value, function: &str) -> PyResult<u16> {
    let port = th.index_clamped(value)?;
    u16::try_from(port).map_err(|_| th.overflow_error(format_args!("{function}(): port must be 0-65535.")))
}
