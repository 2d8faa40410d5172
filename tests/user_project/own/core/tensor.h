/* A header of the user's own, of the name that one of spiketape's has. */
#define OWN_TENSOR 1
