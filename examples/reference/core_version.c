#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    //! [spk_version]
    if (strcmp(spk_version(), SPK_VERSION) != 0) printf("compiled for %s, runs with %s\n", SPK_VERSION, spk_version());
    CHECK(strcmp(spk_version(), SPK_VERSION) == 0);
    //! [spk_version]
    return 0;
}
