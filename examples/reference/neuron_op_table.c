#include "reference.h"
#include <spiketape.h>
#include <string.h>

int main(void) {
    //! [spk_neuron_ops]
    int count;
    const spk_op *const *ops = spk_neuron_ops(&count);
    bool found = false;
    for (int i = 0; i < count; i++) found |= strcmp(ops[i]->name, "heaviside") == 0;
    CHECK(found);
    //! [spk_neuron_ops]
    return 0;
}
