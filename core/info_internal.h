/* Which instruction set the kernels run with. */
#ifndef SPK_CORE_INFO_INTERNAL_H
#define SPK_CORE_INFO_INTERNAL_H

/* The clone that SPK_CLONES' functions run as; without clones, what the compiler was told. */
typedef enum spk_instruction_set { SPK_BASELINE, SPK_X86_64_V3, SPK_X86_64_V4 } spk_instruction_set;
spk_instruction_set spk_instructions(void);

#endif
