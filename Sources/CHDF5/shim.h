// What Swift cannot see of the HDF5 headers: identifiers that are macros around a function call.
#ifndef HORNBILL_CHDF5_SHIM_H
#define HORNBILL_CHDF5_SHIM_H
#include <hdf5.h>
#endif
