//! Names of hosts, services, protocols and interfaces.

use std::ffi::{CStr, CString};
use std::net::{Ipv4Addr, Ipv6Addr};

use vm::prelude::*;

use super::address::Address;
use crate::support;

static GAI_ERROR: OnceLock<Value> = OnceLock::new();
static HOST_ERROR: OnceLock<Value> = OnceLock::new();

/// `socket.gaierror`
pub fn gai_error_class(th: &mut Thread) -> PyResult {
    class(th, &GAI_ERROR, "gaierror")
}

/// `socket.herror`
pub fn host_error_class(th: &mut Thread) -> PyResult {
    class(th, &HOST_ERROR, "herror")
}

fn class(th: &mut Thread, slot: &OnceLock<Value>, name: &str) -> PyResult {
    if slot.get().is_none() {
        let class = support::exception_class(th, "socket", name, Exc::OSError)?;
        let _ = slot.set(class);
    }
    Ok(slot.get().cloned().unwrap_or(Value::NONE))
}

fn raise_pair(th: &mut Thread, class: PyResult, number: i32, message: &str) -> Raised {
    let class = match class {
        Ok(class) => class,
        Err(raised) => return raised,
    };
    let arguments = [th.int(number.into()), th.str(message)];
    match th.call(&class, &arguments) {
        Ok(exception) => th.raise(exception),
        Err(raised) => raised,
    }
}

/// What a failed `getaddrinfo` or `getnameinfo` raises.
fn gai_error(th: &mut Thread, code: i32, error: i32) -> Raised {
    if code == libc::EAI_SYSTEM {
        return th.os_error(error, None);
    }
    // SAFETY: the answer is a static C string.
    let message = unsafe { CStr::from_ptr(libc::gai_strerror(code)) }.to_string_lossy().into_owned();
    let class = gai_error_class(th);
    raise_pair(th, class, code, &message)
}

fn unknown_host(th: &mut Thread) -> Raised {
    let class = host_error_class(th);
    raise_pair(th, class, 1, "Unknown host")
}

/// An IPv6 address as `inet_ntop` writes it.
pub fn inet6_text(octets: &[u8; 16]) -> String {
    let address = Ipv6Addr::from(*octets);
    // Rust writes a few addresses otherwise than the C library does.
    match address.to_ipv4() {
        Some(v4) if octets[..10] == [0; 10] && octets[10..12] == [0, 0] && u32::from(v4) > 0xffff => {
            format!("::{v4}")
        }
        _ => address.to_string(),
    }
}

/// The name of an interface.
pub fn interface_name(index: u32) -> Option<String> {
    let mut name = [0u8; libc::IF_NAMESIZE];
    // SAFETY: the room has the size that the call needs.
    let answer = unsafe { libc::if_indextoname(index, name.as_mut_ptr().cast()) };
    if answer.is_null() {
        return None;
    }
    CStr::from_bytes_until_nul(&name).ok().map(|name| name.to_string_lossy().into_owned())
}

/// A host name, given as str (encoded with IDNA where it is not ASCII), bytes or bytearray.
fn host_bytes(th: &mut Thread, host: &Value) -> PyResult<Vec<u8>> {
    if let Some(text) = th.as_str(host).cloned() {
        if let Some(ascii) = text.as_ascii() {
            return Ok(ascii.as_bytes().to_vec());
        }
        let encoding = th.str("idna");
        let encoded = th.call_method(host, "encode", &[encoding])?;
        return th.buffer_to_vec(&encoded);
    }
    if th.downcast::<Bytes>(host).is_some() || th.downcast::<ByteArray>(host).is_some() {
        return th.buffer_to_vec(host);
    }
    let found = th.type_name(host);
    Err(th.type_error(format_args!("str, bytes or bytearray expected, not {found}")))
}

fn c_string(th: &mut Thread, bytes: Vec<u8>, message: &str) -> PyResult<CString> {
    CString::new(bytes).map_err(|_| th.type_error(message))
}

/// One answer of `getaddrinfo`.
pub struct Found {
    family: i32,
    kind: i32,
    protocol: i32,
    canonical: Vec<u8>,
    address: Address,
}

/// Asks the system, while other threads run.
pub fn lookup(
    th: &mut Thread,
    host: Option<&CStr>,
    service: Option<&CStr>,
    family: i32,
    kind: i32,
    protocol: i32,
    flags: i32,
) -> PyResult<Vec<Found>> {
    let result = th.detached(|| {
        // SAFETY: zeroes are valid hints.
        let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
        hints.ai_family = family;
        hints.ai_socktype = kind;
        hints.ai_protocol = protocol;
        hints.ai_flags = flags;
        let mut first: *mut libc::addrinfo = std::ptr::null_mut();
        // SAFETY: the strings and the hints live across the call, which fills `first`.
        let code = unsafe {
            libc::getaddrinfo(
                host.map_or(std::ptr::null(), CStr::as_ptr),
                service.map_or(std::ptr::null(), CStr::as_ptr),
                &raw const hints,
                &raw mut first,
            )
        };
        if code != 0 {
            return Err((code, support::errno()));
        }
        let mut all = Vec::new();
        let mut next = first;
        // SAFETY: the list is the system's, well formed, and not freed yet.
        while let Some(info) = unsafe { next.as_ref() } {
            let canonical = if info.ai_canonname.is_null() {
                Vec::new()
            } else {
                // SAFETY: the name is a C string of the list.
                unsafe { CStr::from_ptr(info.ai_canonname) }.to_bytes().to_vec()
            };
            all.push(Found {
                family: info.ai_family,
                kind: info.ai_socktype,
                protocol: info.ai_protocol,
                canonical,
                address: Address::from_raw(info.ai_addr, info.ai_addrlen),
            });
            next = info.ai_next;
        }
        // SAFETY: the list is not used any more.
        unsafe { libc::freeaddrinfo(first) };
        Ok(all)
    });
    result.map_err(|(code, error)| gai_error(th, code, error))
}

/// The address of a host, of the family; port 0.
pub fn resolve(th: &mut Thread, host: &Value, family: i32) -> PyResult<Address> {
    let name = host_bytes(th, host)?;
    if name.is_empty() {
        return Ok(match family {
            libc::AF_INET6 => Address::v6(Ipv6Addr::UNSPECIFIED, 0, 0, 0),
            _ => Address::v4(Ipv4Addr::UNSPECIFIED, 0),
        });
    }
    if name == b"<broadcast>" || name == b"255.255.255.255" {
        if family == libc::AF_INET6 {
            return Err(th.raise_exc(Exc::OSError, "address family mismatched"));
        }
        return Ok(Address::v4(Ipv4Addr::BROADCAST, 0));
    }
    if let Ok(text) = std::str::from_utf8(&name) {
        // What needs no asking.
        match family {
            libc::AF_INET => {
                if let Ok(host) = text.parse::<Ipv4Addr>() {
                    return Ok(Address::v4(host, 0));
                }
            }
            _ => {
                if let Ok(host) = text.parse::<Ipv6Addr>() {
                    return Ok(Address::v6(host, 0, 0, 0));
                }
            }
        }
    }
    let name = c_string(th, name, "host name must not contain null character")?;
    let found = lookup(th, Some(&name), None, family, 0, 0, 0)?;
    match found.first() {
        Some(first) => Ok(first.address),
        None => Err(gai_error(th, libc::EAI_NONAME, 0)),
    }
}

fn strings(list: *mut *mut libc::c_char) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    if list.is_null() {
        return all;
    }
    for index in 0.. {
        // SAFETY: the list is ended by a null pointer, before which all are C strings.
        let item = unsafe { *list.add(index) };
        if item.is_null() {
            break;
        }
        // SAFETY: as above.
        all.push(unsafe { CStr::from_ptr(item) }.to_bytes().to_vec());
    }
    all
}

/// Functions that answer in the C library's own memory are called one at a time.
static ONE_AT_A_TIME: vm::thread::native_mutex::NativeMutex<()> =
    vm::thread::native_mutex::NativeMutex::new(());

/// The functions of the module.
pub mod functions {
    use super::*;

    /// Resolve host and port into list of address info entries.
    #[pyfunction(signature = "(host, port, family=0, type=0, proto=0, flags=0)")]
    pub fn getaddrinfo(
        th: &mut Thread,
        host: &Value,
        port: &Value,
        family: Option<i32>,
        r#type: Option<i32>,
        proto: Option<i32>,
        flags: Option<i32>,
    ) -> PyResult {
        let host = if host.is_none() {
            None
        } else if th.as_str(host).is_some() || th.downcast::<Bytes>(host).is_some() {
            let name = host_bytes(th, host)?;
            Some(c_string(th, name, "host name must not contain null character")?)
        } else {
            return Err(th.type_error("getaddrinfo() argument 1 must be string or None"));
        };
        let service = if port.is_none() {
            None
        } else if vm::builtins::int::as_int(port).is_some() {
            let text = th.str_of(port)?;
            Some(text.units().to_str_lossy().into_owned().into_bytes())
        } else if th.as_str(port).is_some() {
            Some(support::text_of(th, port, "port")?.into_bytes())
        } else if th.downcast::<Bytes>(port).is_some() {
            Some(th.buffer_to_vec(port)?)
        } else {
            return Err(th.raise_exc(Exc::OSError, "Int or String expected"));
        };
        let service = match service {
            Some(service) => Some(c_string(th, service, "embedded null character")?),
            None => None,
        };
        let found = lookup(
            th,
            host.as_deref(),
            service.as_deref(),
            family.unwrap_or(0),
            r#type.unwrap_or(0),
            proto.unwrap_or(0),
            flags.unwrap_or(0),
        )?;
        let mut all = Vec::with_capacity(found.len());
        for one in found {
            let numbers = [one.family, one.kind, one.protocol].map(|number| th.int(number.into()));
            let mut items = Vec::from(numbers);
            items.push(crate::os_text::decode(th, &one.canonical)?);
            items.push(one.address.value(th)?);
            all.push(th.tuple(items));
        }
        Ok(th.list(all))
    }

    /// Get host and port for a sockaddr.
    #[pyfunction(signature = "(sockaddr, flags, /)")]
    pub fn getnameinfo(th: &mut Thread, sockaddr: &Value, flags: i32) -> PyResult {
        let items = match th.downcast::<Tuple>(sockaddr) {
            Some(tuple) => tuple.items().to_vec(),
            None => return Err(th.type_error("getnameinfo() argument 1 must be a tuple")),
        };
        let (Some(host), Some(port), 2..=4) = (items.first(), items.get(1), items.len()) else {
            return Err(th.type_error("getnameinfo(): illegal sockaddr argument"));
        };
        if th.as_str(host).is_none() {
            let found = th.type_name(host);
            return Err(th.type_error(format_args!("getnameinfo() argument 1 must be str, not {found}")));
        }
        let name = host_bytes(th, host)?;
        let name = c_string(th, name, "host name must not contain null character")?;
        let port = th.index(port)?;
        let Ok(port) = u16::try_from(port) else {
            return Err(th.overflow_error("getsockaddrarg: port must be 0-65535."));
        };
        let flow = items.get(2).map(|flow| th.index(flow)).transpose()?.unwrap_or(0);
        if !(0..=0xf_ffff).contains(&flow) {
            return Err(th.overflow_error("getnameinfo(): flowinfo must be 0-1048575."));
        }
        let service = c_string(th, port.to_string().into_bytes(), "port")?;
        let found = lookup(th, Some(&name), Some(&service), 0, libc::SOCK_DGRAM, 0, libc::AI_NUMERICHOST)?;
        if found.len() > 1 {
            return Err(th.raise_exc(Exc::OSError, "sockaddr resolved to multiple addresses"));
        }
        let Some(first) = found.first() else { return Err(gai_error(th, libc::EAI_NONAME, 0)) };
        if first.family == libc::AF_INET && items.len() != 2 {
            return Err(th.raise_exc(Exc::OSError, "IPv4 sockaddr must be 2 tuple"));
        }
        let scope = items.get(3).map(|scope| th.index(scope)).transpose()?.unwrap_or(0);
        let address = first.address.with_scope(flow as u32, scope as u32);
        let answer = th.detached(|| {
            let (mut host, mut service) = ([0u8; 1025], [0u8; 32]);
            // SAFETY: address and buffers are as long as it says and live across the call.
            let code = unsafe {
                libc::getnameinfo(
                    address.as_ptr(),
                    address.length(),
                    host.as_mut_ptr().cast(),
                    host.len() as u32,
                    service.as_mut_ptr().cast(),
                    service.len() as u32,
                    flags,
                )
            };
            if code != 0 {
                return Err((code, support::errno()));
            }
            let text = |bytes: &[u8]| CStr::from_bytes_until_nul(bytes).map(|t| t.to_bytes().to_vec());
            Ok((text(&host).unwrap_or_default(), text(&service).unwrap_or_default()))
        });
        match answer {
            Ok((host, service)) => {
                let items = vec![crate::os_text::decode(th, &host)?, crate::os_text::decode(th, &service)?];
                Ok(th.tuple(items))
            }
            Err((code, error)) => Err(gai_error(th, code, error)),
        }
    }

    /// Return the current host name.
    #[pyfunction(signature = "()")]
    pub fn gethostname(th: &mut Thread) -> PyResult {
        let mut name = [0u8; 1024];
        // SAFETY: the buffer is as long as it says; the last byte stays zero.
        let code = unsafe { libc::gethostname(name.as_mut_ptr().cast(), name.len() - 1) };
        if code != 0 {
            return Err(th.os_error(support::errno(), None));
        }
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        crate::os_text::decode(th, &name[..end])
    }

    /// Sets the hostname to name.
    #[pyfunction]
    pub fn sethostname(th: &mut Thread, name: &Value) -> PyResult<()> {
        let name = if th.as_str(name).is_some() {
            crate::os_text::encode(th, name)?
        } else {
            th.buffer_to_vec(name)?
        };
        // SAFETY: the name is as long as it says.
        let code = unsafe { libc::sethostname(name.as_ptr().cast(), name.len()) };
        if code != 0 { Err(th.os_error(support::errno(), None)) } else { Ok(()) }
    }

    /// Return the IP address (a string of the form '255.255.255.255') for a host.
    #[pyfunction(signature = "(host, /)")]
    pub fn gethostbyname(th: &mut Thread, host: &Value) -> PyResult<String> {
        let address = resolve(th, host, libc::AF_INET)?;
        Ok(address.host().unwrap_or_default())
    }

    /// The true host name, a list of aliases, and a list of IP addresses of what `lookup` answers.
    fn host_entry(th: &mut Thread, lookup: impl FnOnce() -> *mut libc::hostent) -> PyResult {
        let answer = th.detached(|| {
            let _alone = ONE_AT_A_TIME.lock();
            let entry = lookup();
            // SAFETY: the entry is the C library's and lives until the next call, which waits for the lock.
            let entry = unsafe { entry.as_ref() }?;
            let name = if entry.h_name.is_null() {
                Vec::new()
            } else {
                // SAFETY: a C string of the entry.
                unsafe { CStr::from_ptr(entry.h_name) }.to_bytes().to_vec()
            };
            let aliases = strings(entry.h_aliases);
            let mut hosts = Vec::new();
            for index in 0.. {
                // SAFETY: the list is ended by a null pointer.
                let item = unsafe { *entry.h_addr_list.add(index) };
                if item.is_null() {
                    break;
                }
                // SAFETY: every address is as long as the entry says.
                let bytes = unsafe { std::slice::from_raw_parts(item.cast::<u8>(), entry.h_length as usize) };
                if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
                    hosts.push(Ipv4Addr::from(v4).to_string());
                } else if let Ok(v6) = <[u8; 16]>::try_from(bytes) {
                    hosts.push(inet6_text(&v6));
                }
            }
            Some((name, aliases, hosts))
        });
        let Some((name, aliases, hosts)) = answer else { return Err(unknown_host(th)) };
        let name = crate::os_text::decode(th, &name)?;
        let aliases =
            aliases.iter().map(|alias| crate::os_text::decode(th, alias)).collect::<PyResult<Vec<_>>>()?;
        let hosts = hosts.iter().map(|host| th.str(host)).collect();
        let items = vec![name, th.list(aliases), th.list(hosts)];
        Ok(th.tuple(items))
    }

    /// Return the true host name, a list of aliases, and a list of IP addresses, for a host.
    #[pyfunction(signature = "(host, /)")]
    pub fn gethostbyname_ex(th: &mut Thread, host: &Value) -> PyResult {
        resolve(th, host, libc::AF_INET)?;
        let name = host_bytes(th, host)?;
        let name = c_string(th, name, "host name must not contain null character")?;
        // SAFETY: the name is a C string.
        host_entry(th, || unsafe { gethostbyname_c(name.as_ptr()) })
    }

    /// Return the true host name, a list of aliases, and a list of IP addresses, for a host.
    #[pyfunction(signature = "(host, /)")]
    pub fn gethostbyaddr(th: &mut Thread, host: &Value) -> PyResult {
        let name = host_bytes(th, host)?;
        let name = c_string(th, name, "host name must not contain null character")?;
        let found = lookup(th, Some(&name), None, libc::AF_UNSPEC, 0, 0, 0)?;
        let text = found.first().and_then(|first| first.address.host()).unwrap_or_default();
        let (octets, family) = match (text.parse::<Ipv4Addr>(), text.parse::<Ipv6Addr>()) {
            (Ok(v4), _) => (v4.octets().to_vec(), libc::AF_INET),
            (_, Ok(v6)) => (v6.octets().to_vec(), libc::AF_INET6),
            _ => return Err(th.raise_exc(Exc::OSError, "unsupported address family")),
        };
        // SAFETY: the address is as long as it says.
        host_entry(th, || unsafe {
            gethostbyaddr_c(octets.as_ptr().cast(), octets.len() as libc::socklen_t, family)
        })
    }

    unsafe extern "C" {
        #[link_name = "gethostbyname"]
        fn gethostbyname_c(name: *const libc::c_char) -> *mut libc::hostent;
        #[link_name = "gethostbyaddr"]
        fn gethostbyaddr_c(
            address: *const libc::c_void,
            length: libc::socklen_t,
            family: libc::c_int,
        ) -> *mut libc::hostent;
    }

    fn protocol_name(th: &mut Thread, name: Option<&Value>) -> PyResult<Option<CString>> {
        let Some(name) = name.filter(|name| !name.is_none()) else { return Ok(None) };
        let name = support::text_of(th, name, "protocol name")?;
        Ok(Some(c_string(th, name.into_bytes(), "embedded null character")?))
    }

    /// Return a port number from a service name and protocol name.
    #[pyfunction(signature = "(servicename, protocolname=None, /)")]
    pub fn getservbyname(
        th: &mut Thread,
        servicename: String,
        protocolname: Option<&Value>,
    ) -> PyResult<i64> {
        let protocol = protocol_name(th, protocolname)?;
        let name = c_string(th, servicename.into_bytes(), "embedded null character")?;
        let port = th.detached(|| {
            let _alone = ONE_AT_A_TIME.lock();
            let protocol = protocol.as_deref().map_or(std::ptr::null(), CStr::as_ptr);
            // SAFETY: C strings; the answer is looked at before another call is made.
            unsafe { libc::getservbyname(name.as_ptr(), protocol).as_ref() }
                .map(|entry| u16::from_be(entry.s_port as u16))
        });
        match port {
            Some(port) => Ok(port.into()),
            None => Err(th.raise_exc(Exc::OSError, "service/proto not found")),
        }
    }

    /// Return the service name from a port number and protocol name.
    #[pyfunction(signature = "(port, protocolname=None, /)")]
    pub fn getservbyport(th: &mut Thread, port: i32, protocolname: Option<&Value>) -> PyResult {
        let Ok(port) = u16::try_from(port) else {
            return Err(th.overflow_error("getservbyport: port must be 0-65535."));
        };
        let protocol = protocol_name(th, protocolname)?;
        let name = th.detached(|| {
            let _alone = ONE_AT_A_TIME.lock();
            let protocol = protocol.as_deref().map_or(std::ptr::null(), CStr::as_ptr);
            // SAFETY: a C string or null; the answer is looked at before another call is made.
            let entry = unsafe { libc::getservbyport(port.to_be().into(), protocol).as_ref() }?;
            // SAFETY: a C string of the entry.
            Some(unsafe { CStr::from_ptr(entry.s_name) }.to_bytes().to_vec())
        });
        match name {
            Some(name) => crate::os_text::decode(th, &name),
            None => Err(th.raise_exc(Exc::OSError, "port/proto not found")),
        }
    }

    /// Return the protocol number for the named protocol.
    #[pyfunction]
    pub fn getprotobyname(th: &mut Thread, name: String) -> PyResult<i64> {
        let name = c_string(th, name.into_bytes(), "embedded null character")?;
        let number = th.detached(|| {
            let _alone = ONE_AT_A_TIME.lock();
            // SAFETY: a C string; the answer is looked at before another call is made.
            unsafe { libc::getprotobyname(name.as_ptr()).as_ref() }.map(|entry| entry.p_proto)
        });
        match number {
            Some(number) => Ok(number.into()),
            None => Err(th.raise_exc(Exc::OSError, "protocol not found")),
        }
    }

    /// Convert an IP address in string format to the 32-bit packed binary format.
    #[pyfunction(signature = "(ip_addr, /)")]
    pub fn inet_aton(th: &mut Thread, ip_addr: String) -> PyResult {
        let illegal = "illegal IP address string passed to inet_aton";
        let Ok(text) = CString::new(ip_addr) else { return Err(th.raise_exc(Exc::OSError, illegal)) };
        let mut address = libc::in_addr { s_addr: 0 };
        // SAFETY: a C string, and room for the answer.
        if unsafe { inet_aton_c(text.as_ptr(), &raw mut address) } == 0 {
            return Err(th.raise_exc(Exc::OSError, illegal));
        }
        th.bytes(&address.s_addr.to_ne_bytes())
    }

    unsafe extern "C" {
        #[link_name = "inet_aton"]
        fn inet_aton_c(text: *const libc::c_char, address: *mut libc::in_addr) -> libc::c_int;
    }

    /// Convert an IP address from 32-bit packed binary format to string format.
    #[pyfunction(signature = "(packed_ip, /)")]
    pub fn inet_ntoa(th: &mut Thread, packed_ip: &Value) -> PyResult<String> {
        let packed = th.buffer_to_vec(packed_ip)?;
        match <[u8; 4]>::try_from(&packed[..]) {
            Ok(octets) => Ok(Ipv4Addr::from(octets).to_string()),
            Err(_) => Err(th.raise_exc(Exc::OSError, "packed IP wrong length")),
        }
    }

    /// Convert an IP address from string format to a packed string.
    #[pyfunction(signature = "(address_family, ip_string, /)")]
    pub fn inet_pton(th: &mut Thread, address_family: i32, ip_string: String) -> PyResult {
        if ![libc::AF_INET, libc::AF_INET6].contains(&address_family) {
            return Err(th.os_error(libc::EAFNOSUPPORT, None));
        }
        let illegal = "illegal IP address string passed to inet_pton";
        let Ok(text) = CString::new(ip_string) else { return Err(th.raise_exc(Exc::OSError, illegal)) };
        let mut packed = [0u8; 16];
        // SAFETY: a C string, and room for either kind of answer.
        if unsafe { inet_pton_c(address_family, text.as_ptr(), packed.as_mut_ptr().cast()) } != 1 {
            return Err(th.raise_exc(Exc::OSError, illegal));
        }
        th.bytes(if address_family == libc::AF_INET { &packed[..4] } else { &packed })
    }

    unsafe extern "C" {
        #[link_name = "inet_pton"]
        fn inet_pton_c(family: libc::c_int, text: *const libc::c_char, to: *mut libc::c_void) -> libc::c_int;
    }

    /// Convert a packed IP address of the given family to string format.
    #[pyfunction(signature = "(address_family, packed_ip, /)")]
    pub fn inet_ntop(th: &mut Thread, address_family: i32, packed_ip: &Value) -> PyResult<String> {
        let packed = th.buffer_to_vec(packed_ip)?;
        let wrong = "invalid length of packed IP address string";
        match address_family {
            libc::AF_INET => match <[u8; 4]>::try_from(&packed[..]) {
                Ok(octets) => Ok(Ipv4Addr::from(octets).to_string()),
                Err(_) => Err(th.value_error(wrong)),
            },
            libc::AF_INET6 => match <[u8; 16]>::try_from(&packed[..]) {
                Ok(octets) => Ok(inet6_text(&octets)),
                Err(_) => Err(th.value_error(wrong)),
            },
            family => Err(th.value_error(format_args!("unknown address family {family}"))),
        }
    }

    /// Returns a list of network interface information (index, name) tuples.
    #[pyfunction(signature = "()")]
    pub fn if_nameindex(th: &mut Thread) -> PyResult {
        // SAFETY: the list is freed below.
        let list = unsafe { libc::if_nameindex() };
        if list.is_null() {
            return Err(th.os_error(support::errno(), None));
        }
        let mut all = Vec::new();
        for index in 0.. {
            // SAFETY: the list is ended by an entry of zeroes.
            let entry = unsafe { &*list.add(index) };
            if entry.if_index == 0 || entry.if_name.is_null() {
                break;
            }
            // SAFETY: a C string of the list.
            let name = unsafe { CStr::from_ptr(entry.if_name) }.to_bytes().to_vec();
            all.push((entry.if_index, name));
        }
        // SAFETY: the list is not used any more.
        unsafe { libc::if_freenameindex(list) };
        let mut items = Vec::with_capacity(all.len());
        for (index, name) in all {
            let pair = vec![th.int(index.into()), crate::os_text::decode(th, &name)?];
            items.push(th.tuple(pair));
        }
        Ok(th.list(items))
    }

    /// Returns the interface index corresponding to the interface name if_name.
    #[pyfunction(signature = "(oname, /)")]
    pub fn if_nametoindex(th: &mut Thread, oname: &Value) -> PyResult<i64> {
        let name = if th.as_str(oname).is_some() {
            crate::os_text::encode(th, oname)?
        } else {
            th.buffer_to_vec(oname)?
        };
        let Ok(name) = CString::new(name) else { return Err(th.value_error("embedded null byte")) };
        // SAFETY: a C string.
        match unsafe { libc::if_nametoindex(name.as_ptr()) } {
            0 => Err(th.os_error(support::errno(), None)),
            index => Ok(index.into()),
        }
    }

    /// Returns the interface name corresponding to the interface index if_index.
    #[pyfunction(signature = "(if_index, /)")]
    pub fn if_indextoname(th: &mut Thread, if_index: &Value) -> PyResult<String> {
        let number = th.index(if_index)?;
        if number < 0 {
            return Err(th.value_error("Cannot convert negative int"));
        }
        let Ok(index) = u32::try_from(number) else {
            return Err(th.overflow_error("index is too large"));
        };
        match interface_name(index) {
            Some(name) => Ok(name),
            None => Err(th.os_error(support::errno(), None)),
        }
    }
}
