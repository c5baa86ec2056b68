// What Swift cannot see of the HDF5 headers: identifiers that are macros around a function call,
// and calls whose name or shape differs between HDF5 1.10 and later releases.
#ifndef HORNBILL_CHDF5_SHIM_H
#define HORNBILL_CHDF5_SHIM_H
#include <hdf5.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if H5_VERSION_GE(1, 13, 2)
#include <H5FDdevelop.h>
#endif

// Property list classes and predefined types are macros that first call H5open().
static inline hid_t hornbill_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t hornbill_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t hornbill_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t hornbill_f32le(void) { return H5T_IEEE_F32LE; }
static inline hid_t hornbill_f32be(void) { return H5T_IEEE_F32BE; }
static inline hid_t hornbill_f64le(void) { return H5T_IEEE_F64LE; }
static inline hid_t hornbill_f64be(void) { return H5T_IEEE_F64BE; }
static inline hid_t hornbill_i8le(void) { return H5T_STD_I8LE; }
static inline hid_t hornbill_i16le(void) { return H5T_STD_I16LE; }
static inline hid_t hornbill_i32le(void) { return H5T_STD_I32LE; }
static inline hid_t hornbill_i64le(void) { return H5T_STD_I64LE; }
static inline hid_t hornbill_u8le(void) { return H5T_STD_U8LE; }
static inline hid_t hornbill_u16le(void) { return H5T_STD_U16LE; }
static inline hid_t hornbill_u32le(void) { return H5T_STD_U32LE; }
static inline hid_t hornbill_u64le(void) { return H5T_STD_U64LE; }
static inline hid_t hornbill_c_string(void) { return H5T_C_S1; }

// Constants that are casts or come with a check call.
static inline hid_t hornbill_all(void) { return H5S_ALL; }
static inline hid_t hornbill_default(void) { return H5P_DEFAULT; }
static inline size_t hornbill_variable(void) { return H5T_VARIABLE; }
static inline unsigned hornbill_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned hornbill_truncate(void) { return H5F_ACC_TRUNC; }
static inline haddr_t hornbill_no_address(void) { return HADDR_UNDEF; }

// The error stack of this thread: the library prints to standard error until told not to.
static inline herr_t hornbill_silence_errors(void) {
  return H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}
static inline herr_t hornbill_walk_errors(H5E_walk2_t step, void *data) {
  return H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, step, data);
}

// External links are a link class of their own, 64, which can be unregistered.
static inline herr_t hornbill_unregister_external_links(void) {
  return H5Lunregister(H5L_TYPE_EXTERNAL);
}

// Link iteration changed its name and its record in 1.12; the kind of link is all we need.
typedef herr_t (*hornbill_link_step)(const char *name, int is_hard, void *data);
typedef struct {
  hornbill_link_step step;
  void *data;
} hornbill_link_call;
static herr_t hornbill_link_bridge(
    hid_t group, const char *name, const H5L_info_t *info, void *data) {
  hornbill_link_call *call = (hornbill_link_call *)data;
  (void)group;
  return call->step(name, info->type == H5L_TYPE_HARD, call->data);
}
static inline herr_t hornbill_each_link(hid_t group, hornbill_link_step step, void *data) {
  hornbill_link_call call = {step, data};
  hsize_t start = 0;
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, &start, hornbill_link_bridge, &call);
}

// An object's kind and its address, which became a token of 16 bytes in 1.12.
typedef struct {
  int is_group;
  int is_dataset;
  uint64_t identity[2];
} hornbill_object;
static inline herr_t hornbill_object_info(hid_t id, hornbill_object *object) {
  memset(object, 0, sizeof *object);
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  herr_t status = H5Oget_info3(id, &info, H5O_INFO_BASIC);
  if (status < 0) return status;
  memcpy(object->identity, &info.token, sizeof object->identity);
#else
  H5O_info_t info;
  herr_t status = H5Oget_info2(id, &info, H5O_INFO_BASIC);
  if (status < 0) return status;
  object->identity[0] = (uint64_t)info.addr;
#endif
  object->is_group = info.type == H5O_TYPE_GROUP;
  object->is_dataset = info.type == H5O_TYPE_DATASET;
  return status;
}

// Frees the strings that a read of variable-length strings allocated; renamed in 1.12.
static inline herr_t hornbill_reclaim(hid_t type, hid_t space, void *buffer) {
#if H5_VERSION_GE(1, 12, 0)
  return H5Treclaim(type, space, H5P_DEFAULT, buffer);
#else
  return H5Dvlen_reclaim(type, space, H5P_DEFAULT, buffer);
#endif
}

// A file driver that reads bytes by a function of ours: of a file inside an archive, or in memory.
// The library's own drivers open a path, or copy the whole image. It is a table of functions with
// fields that differ between releases, hence here. Swift keeps what `source` points to.
typedef int (*hornbill_read)(void *source, uint64_t address, size_t size, void *buffer);
typedef struct {
  hornbill_read read;
  void *source;
  uint64_t size;
} hornbill_bytes;
typedef struct {
  H5FD_t base;
  haddr_t end;
  hornbill_bytes bytes;
} hornbill_file;
static H5FD_t *hornbill_driver_open(
    const char *name, unsigned flags, hid_t access, haddr_t maximum) {
  (void)name, (void)maximum;
  const hornbill_bytes *bytes = (const hornbill_bytes *)H5Pget_driver_info(access);
  if (!bytes || (flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT))) return NULL;
  hornbill_file *file = (hornbill_file *)calloc(1, sizeof *file);
  if (!file) return NULL;
  file->bytes = *bytes;
  return &file->base;
}
static herr_t hornbill_driver_close(H5FD_t *file) {
  free(file);
  return 0;
}
static herr_t hornbill_driver_query(const H5FD_t *file, unsigned long *flags) {
  (void)file;
  *flags = H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE;
  return 0;
}
static haddr_t hornbill_driver_end(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return ((const hornbill_file *)file)->end;
}
static herr_t hornbill_driver_set_end(H5FD_t *file, H5FD_mem_t type, haddr_t end) {
  (void)type;
  ((hornbill_file *)file)->end = end;
  return 0;
}
static haddr_t hornbill_driver_size(const H5FD_t *file, H5FD_mem_t type) {
  (void)type;
  return (haddr_t)((const hornbill_file *)file)->bytes.size;
}
static herr_t hornbill_driver_read(
    H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size, void *buffer) {
  (void)type, (void)transfer;
  const hornbill_bytes *bytes = &((hornbill_file *)file)->bytes;
  return bytes->read(bytes->source, (uint64_t)address, size, buffer);
}
static herr_t hornbill_driver_write(
    H5FD_t *file, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t size,
    const void *buffer) {
  (void)file, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
  return -1;
}
static inline hid_t hornbill_register_driver(void) {
  static const H5FD_class_t driver = {
#if H5_VERSION_GE(1, 13, 2)
      .version = H5FD_CLASS_VERSION,
      // Of the values that the library leaves to whoever wants to try something.
      .value = (H5FD_class_value_t)256,
#endif
      .name = "hornbill bytes",
      .maxaddr = (haddr_t)INT64_MAX,
      .fc_degree = H5F_CLOSE_WEAK,
      .fapl_size = sizeof(hornbill_bytes),
      .open = hornbill_driver_open,
      .close = hornbill_driver_close,
      .query = hornbill_driver_query,
      .get_eoa = hornbill_driver_end,
      .set_eoa = hornbill_driver_set_end,
      .get_eof = hornbill_driver_size,
      .read = hornbill_driver_read,
      .write = hornbill_driver_write,
      .fl_map = H5FD_FLMAP_DICHOTOMY,
  };
  return H5FDregister(&driver);
}
#endif
