// zlib for the `.keras` archive (inflate, deflate, CRC-32) and for PNG pictures.
#ifndef HORNBILL_CZLIB_SHIM_H
#define HORNBILL_CZLIB_SHIM_H
#include <zlib.h>
#endif
