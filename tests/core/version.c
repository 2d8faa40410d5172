/* The release as numbers, as text, and as the library says it. */
#include "support.h"
#include <core/version.h>

Test(version, numbers_and_text_agree) {
    int major, minor, patch, end = 0;
    cr_assert(sscanf(spk_version(), "%d.%d.%d%n", &major, &minor, &patch, &end) == 3 && !spk_version()[end], "%s", spk_version());
    cr_assert(major == SPK_VERSION_MAJOR && minor == SPK_VERSION_MINOR && patch == SPK_VERSION_PATCH, "%s", spk_version());
    cr_assert_str_eq(spk_version(), SPK_VERSION, "here headers and library are of one release");
    cr_assert(spk_version() == spk_version(), "one text");
}

Test(version, is_in_build_info) {
    char begins[64];
    snprintf(begins, sizeof begins, "spiketape %s, ", spk_version());
    cr_assert(strncmp(spk_build_info(), begins, strlen(begins)) == 0, "%s", spk_build_info());
}
