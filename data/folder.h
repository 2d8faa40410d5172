/* Folders of pictures as datasets. */
#ifndef SPK_DATA_FOLDER_H
#define SPK_DATA_FOLDER_H

#include "data/dataset.h"
#include "data/image.h"

SPK_BEGIN_DECLS

/** Options of spk_dataset_folder. */
typedef struct spk_folder_opts {
    int64_t width, height; /**< pictures are resized to this (both, or none); default 0: all must have the size of the first */
    int channels;          /**< 1: grey, 3: red, green, blue; default 1 */
    int64_t batch;         /**< as in spk_dataset_opts, and so are those that follow; default 64 */
    bool shuffle;          /**< default false */
    int64_t seed;          /**< default 0 */
    bool drop_last;        /**< default false */
    double scale;          /**< default 0: 1/255, to 0..1 */
} spk_folder_opts;
/** The defaults of spk_dataset_folder. */
#define SPK_FOLDER_DEFAULTS .width = 0, .height = 0, .channels = 1, .batch = 64, .shuffle = false, .seed = 0, .drop_last = false, .scale = 0
/**
 * A dataset from a folder that has one folder for each class, with the pictures of that class in it:
 * `spk_dataset_folder(ctx, "digits", .width = 28, .height = 28, .shuffle = true)`. The labels are 0, 1, ... in the order of the folders'
 * names (bytewise), which spk_dataset_class_name gives; the samples come in the order of labels and of files' names. Inputs are [height,
 * width] or, of three channels, [3, height, width], kept in 8 bit. What spk_image_read reads is taken, as it reads it. Hidden files (.name)
 * and files beside the classes' folders are left out. NULL with the error set, which names the file that is no picture or has another
 * size, or the folder without pictures.
 */
#define spk_dataset_folder(...) spk_dataset_folder_keywords_(__VA_ARGS__, )
#define spk_dataset_folder_keywords_(ctx, path, ...) \
    spk_dataset_folder_with((ctx), (path), SPK_KEYWORDS(spk_folder_opts, SPK_FOLDER_DEFAULTS, __VA_ARGS__))
/** The function behind spk_dataset_folder. */
SPK_API spk_dataset *spk_dataset_folder_with(spk_ctx *ctx, const char *path, spk_folder_opts options);
/** The defaults of spk_dataset_folder. */
SPK_API spk_folder_opts spk_folder_options(void);

SPK_END_DECLS

#endif
