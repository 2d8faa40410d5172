/* Tables in CSV files as datasets. */
#ifndef SPK_DATA_CSV_H
#define SPK_DATA_CSV_H

#include "data/dataset.h"

SPK_BEGIN_DECLS

/** Whether a table's first line names its columns. */
typedef enum spk_csv_header {
    SPK_CSV_HEADER_AUTO, /**< it does if `label` is given, or if one of its inputs is no number: the default */
    SPK_CSV_HEADER_YES,
    SPK_CSV_HEADER_NO
} spk_csv_header;

/** Options of spk_dataset_csv. */
typedef struct spk_csv_opts {
    const char *label;     /**< the name of the label's column, in the header; default NULL: label_column says which */
    int label_column;      /**< from 0; negative: from the last one; default -1, the last */
    spk_csv_header header; /**< default SPK_CSV_HEADER_AUTO */
    char delimiter;        /**< between fields: ',', ';', '\\t', '|', ...; default ',' */
    int64_t batch;         /**< as in spk_dataset_opts, and so are those that follow; default 64 */
    bool shuffle;          /**< default false */
    int64_t seed;          /**< default 0 */
    bool drop_last;        /**< default false */
    double scale;          /**< default 0: 1 */
} spk_csv_opts;
/** The defaults of spk_dataset_csv. */
#define SPK_CSV_DEFAULTS                                                                                                          \
    .label = NULL, .label_column = -1, .header = SPK_CSV_HEADER_AUTO, .delimiter = ',', .batch = 64, .shuffle = false, .seed = 0, \
    .drop_last = false, .scale = 0
/**
 * A dataset from a CSV file, a sample a line: `spk_dataset_csv(ctx, "iris.csv", .label = "species", .shuffle = true)`. One column holds the
 * label; all others are inputs, [columns - 1] in their order, and finite numbers as 5, -0.25 or 1e-3, whatever the locale. Labels that all
 * are whole numbers from 0 are taken as they are; otherwise they are names, and the labels are 0, 1, ... in the order of the names
 * (bytewise), which spk_dataset_class_name gives. Fields may stand in quotes ("a ""b"", c"), and then hold delimiters and line ends; spaces
 * around fields that do not are left out. Lines end with LF or CRLF; empty ones are left out, and a byte order mark is. NULL with the error
 * set, which names the line and the column. While it reads, the file's bytes are in memory, too.
 */
#define spk_dataset_csv(...) spk_dataset_csv_keywords_(__VA_ARGS__, )
#define spk_dataset_csv_keywords_(ctx, path, ...) \
    spk_dataset_csv_with((ctx), (path), SPK_KEYWORDS(spk_csv_opts, SPK_CSV_DEFAULTS, __VA_ARGS__))
/** The function behind spk_dataset_csv. */
SPK_API spk_dataset *spk_dataset_csv_with(spk_ctx *ctx, const char *path, spk_csv_opts options);
/** The defaults of spk_dataset_csv. */
SPK_API spk_csv_opts spk_csv_options(void);

SPK_END_DECLS

#endif
