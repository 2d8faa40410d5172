/* The release. Its number stands here and nowhere else: CMake reads it from this file. */
#ifndef SPK_CORE_VERSION_H
#define SPK_CORE_VERSION_H

#include "core/config.h"

SPK_BEGIN_DECLS

/** The release of the headers, MAJOR.MINOR.PATCH: `#if SPK_VERSION_MINOR >= 2`. docs/install.md says what each number promises. */
#define SPK_VERSION_MAJOR 0
/** The second number of the release. */
#define SPK_VERSION_MINOR 1
/** The third number of the release. */
#define SPK_VERSION_PATCH 0

/** The same as text, "0.1.0". */
#define SPK_VERSION SPK_VERSION_TEXT_(SPK_VERSION_MAJOR, SPK_VERSION_MINOR, SPK_VERSION_PATCH)
#define SPK_VERSION_TEXT_(major, minor, patch) SPK_VERSION_JOINED_(major, minor, patch) /* so that the names become numbers first */
#define SPK_VERSION_JOINED_(major, minor, patch) #major "." #minor "." #patch

/** The release of the library that the program runs with, as text: another than SPK_VERSION where a shared library was replaced by one of
 * the same series. Never NULL, never freed. For any thread. */
SPK_API const char *spk_version(void);

SPK_END_DECLS

#endif
