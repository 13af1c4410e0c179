"""What was chosen when this interpreter was built, as `sysconfig` shows it."""

build_time_vars = {
    "ABIFLAGS": "",
    "EXT_SUFFIX": ".amphis-314-x86_64-linux-gnu.so",
    "LDVERSION": "3.14",
    "MULTIARCH": "x86_64-linux-gnu",
    "Py_DEBUG": 0,
    "Py_ENABLE_SHARED": 0,
    "Py_GIL_DISABLED": 0,
    "SHLIB_SUFFIX": ".so",
    "SOABI": "amphis-314-x86_64-linux-gnu",
    "VERSION": "3.14",
    "WITH_DOC_STRINGS": 1,
}
