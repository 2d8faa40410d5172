#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    //! [spk_version]
    CHECK(strcmp(spk_version(), SPK_VERSION) == 0); /* the library that runs is of the headers' release */
    //! [spk_version]
    return 0;
}
