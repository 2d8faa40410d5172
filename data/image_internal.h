/* Pictures from files, for datasets. */
#ifndef SPK_DATA_IMAGE_INTERNAL_H
#define SPK_DATA_IMAGE_INTERNAL_H

#include "core/file_internal.h"
#include "data/image.h"

/* spk_image_read for options that are right, with errors that begin with `who`. */
bool spk_image_load(spk_ctx *ctx, const char *who, const char *path, spk_image_opts options, spk_image *image);
/* False, with the error set, for options that are none. */
bool spk_image_check(spk_ctx *ctx, const char *who, spk_image_opts options);
/* A file's pixels with alpha, one byte more a pixel than image->channels, of spk_allocate; image gets the size. NULL after an error. */
unsigned char *spk_image_decode(spk_ctx *ctx, const char *who, const char *path, const spk_file_bytes *file, spk_image *image);
/* The same for PGM and PPM files. */
bool spk_image_is_pnm(const spk_file_bytes *file);
unsigned char *spk_image_decode_pnm(spk_ctx *ctx, const char *who, const char *path, const spk_file_bytes *file, spk_image *image);
/* False for a JPEG file that stb_image would not survive. */
bool spk_image_jpeg_is_safe(const spk_file_bytes *file);

#endif
