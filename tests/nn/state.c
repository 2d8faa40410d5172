/* State files: round trips, what is in them, files by hand. */
#include "core/version.h"
#include "state_support.h"

StateTest(a_round_trip_keeps_every_bit) {
    spk_ctx *ctx = spk_ctx_create(.seed = 5);
    spk_module *net = net_filled(ctx), *copy = net_of(ctx, 2);
    spk_real *mean = spk_data_mut(spk_find_tensor(net, "norm.mean"));
    mean[0] = (spk_real)NAN, mean[1] = -(spk_real)INFINITY, mean[2] = -(spk_real)0.0, mean[3] = (spk_real)1e-310; /* in double subnormal */
    cr_assert(!same_bits(net, copy));
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(entries() == 1, "a temporary file was left");
    cr_assert(spk_load(copy, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(same_bits(net, copy));
    spk_ctx_destroy(ctx);
}

StateTest(large_tensors_too) {
    spk_ctx *ctx = spk_ctx_create(.seed = 6);
    spk_module *net = spk_module_create(ctx, &box_type), *copy = spk_module_create(ctx, &box_type);
    spk_module *const both[] = {net, copy};
    for (int i = 0; i < 2; i++) {
        spk_fill_normal(spk_register_parameter(both[i], "weight", SPK_SHAPE(131, 257)), 0, 1);
        both[i]->slots->transposed = true;
        spk_fill_normal(spk_register_parameter(both[i], "other", SPK_SHAPE(70001)), 0, 1);
    }
    cr_assert(!same_bits(net, copy));
    cr_assert(spk_save(net, in_folder("a")) && spk_load(copy, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(same_bits(net, copy));
    spk_ctx_destroy(ctx);
}

/* The bytes of a file as the format wants them: aligned, no holes, weights [out, in], memories left out. */
StateTest(the_file_is_what_the_format_says) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = spk_module_create(ctx, &box_type);
    spk_tensor *weight = spk_register_parameter(net, "weight", SPK_SHAPE(3, 2));
    net->slots->transposed = true;
    spk_register_memory(net, "v", 0);
    for (int i = 0; i < 6; i++) spk_data_mut(weight)[i] = (spk_real)i; /* [in, out]: 0 1 / 2 3 / 4 5 */
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));

    unsigned char bytes[1024] = {0};
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes);
    const size_t header = bytes[0] + 256u * bytes[1];
    for (int i = 2; i < 8; i++) cr_assert(bytes[i] == 0);
    cr_assert(header % 8 == 0 && n == 8 + header + 6 * sizeof(spk_real), "%zu bytes of header, %zu in all", header, n);
    char wanted[256], text[1024] = "";
    memcpy(text, bytes + 8, header);
    snprintf(wanted, sizeof wanted,
             "{\"__metadata__\":{\"format\":\"pt\",\"writer\":\"spiketape " SPK_VERSION "\"},"
             "\"weight\":{\"dtype\":\"%s\",\"shape\":[2,3],\"data_offsets\":[0,%d]}}",
             DTYPE, (int)(6 * WIDTH));
    cr_assert(strncmp(text, wanted, strlen(wanted)) == 0, "%s", text);
    cr_assert(strspn(text + strlen(wanted), " ") == header - strlen(wanted), "padding is spaces");
    const double turned[] = {0, 2, 4, 1, 3, 5};
    for (int i = 0; i < 6; i++) {
        uint64_t bits = 0;
        for (int k = 0; k < (int)WIDTH; k++) bits |= (uint64_t)bytes[8 + header + (size_t)(i * WIDTH + k)] << (8 * k);
        SPK_BY_REAL(uint32_t, uint64_t) own = SPK_BY_REAL((uint32_t)bits, bits);
        spk_real value;
        memcpy(&value, &own, sizeof value);
        cr_assert((double)value == turned[i], "number %d is %g", i, (double)value);
    }
    struct stat status;
    const mode_t mask = umask(0);
    umask(mask);
    cr_assert(stat(in_folder("a"), &status) == 0 && (status.st_mode & 0777) == (0666 & ~mask), "mode %o", status.st_mode & 0777);
    spk_ctx_destroy(ctx);
}

/* Every byte of tensors that are many times the writer's block, against a writer that goes byte by byte. */
StateTest(blocks_join_without_a_seam) {
    spk_ctx *ctx = spk_ctx_create(.seed = 8);
    spk_module *net = spk_module_create(ctx, &box_type);
    enum { IN = 61, OUT = 83 };
    spk_tensor *first = spk_register_parameter(net, "first", SPK_SHAPE(3)),
               *weight = spk_register_buffer(net, "weight", SPK_SHAPE(IN, OUT));
    for (spk_slot *slot = net->slots; slot; slot = slot->next) slot->transposed = slot->tensor == weight;
    spk_fill_normal(first, 0, 1), spk_fill_normal(weight, 0, 1);
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));
    static unsigned char bytes[1 << 16];
    const size_t n = read_bytes(in_folder("a"), bytes, sizeof bytes), header = bytes[0] + 256u * bytes[1];
    cr_assert(n == 8 + header + (3 + IN * OUT) * (size_t)WIDTH, "%zu bytes", n);
    for (int i = 0; i < 3 + IN * OUT; i++) {
        const int out = (i - 3) / IN, in = (i - 3) % IN;
        SPK_BY_REAL(uint32_t, uint64_t) bits;
        memcpy(&bits, i < 3 ? &spk_data(first)[i] : &spk_data(weight)[in * OUT + out], sizeof bits);
        for (int k = 0; k < (int)WIDTH; k++)
            cr_assert(bytes[8 + header + (size_t)(i * WIDTH + k)] == (unsigned char)(bits >> 8 * k), "byte %d of number %d", k, i);
    }
    spk_ctx_destroy(ctx);
}

/* What a process of the same number left half-written is neither used nor removed. */
StateTest(a_temporary_file_that_is_there_is_left_alone) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx), *copy = net_of(ctx, 2);
    char name[64], left[1];
    snprintf(name, sizeof name, "a.%ld-0.tmp", (long)getpid());
    write_bytes(in_folder(name), "x", 1);
    cr_assert(spk_save(net, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(spk_load(copy, in_folder("a")) && same_bits(net, copy), "%s", spk_error(ctx));
    FILE *file = fopen(in_folder(name), "rb");
    cr_assert(file && fread(left, 1, 1, file) == 1 && left[0] == 'x' && fclose(file) == 0, "the other file was written to");
    cr_assert(entries() == 2, "%d files", entries());
    remove(in_folder(name));
    spk_ctx_destroy(ctx);
}

/* A name without a folder lies in the working directory. */
/* A file that others cannot read stays so; a new one is as the umask says. */
StateTest(the_mode_of_the_old_file_is_kept) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    struct stat status;
    const mode_t before = umask(022);
    cr_assert(spk_save(net, in_folder("a")) && stat(in_folder("a"), &status) == 0);
    cr_assert((status.st_mode & 0777) == 0644, "a new file has mode %o", status.st_mode & 0777);
    cr_assert(chmod(in_folder("a"), 0600) == 0 && spk_save(net, in_folder("a")) && stat(in_folder("a"), &status) == 0);
    cr_assert((status.st_mode & 0777) == 0600, "it was closed to others, and has mode %o", status.st_mode & 0777);
    umask(before);
    spk_ctx_destroy(ctx);
}

StateTest(names_without_a_folder) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    cr_assert(chdir(folder) == 0);
    cr_assert(spk_save(net, "a") && spk_load(net, "a") && spk_save(net, "./b"), "%s", spk_error(ctx));
    cr_assert(exists(in_folder("a")) && exists(in_folder("b")) && entries() == 2);
    cr_assert(chdir("/") == 0);
    spk_ctx_destroy(ctx);
}

/* 1, -2 as F32 and 0.5 as F64, not aligned, entries not in order of place: both libraries read both widths. */
StateTest(a_file_written_by_hand) {
    static const char header[] = "{\"b\":{\"dtype\":\"F64\",\"shape\":[1],\"data_offsets\":[8,16]},"
                                 "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}} ";
    static const unsigned char data[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f};
    unsigned char file[8 + sizeof header - 1 + sizeof data] = {sizeof header - 1};
    memcpy(file + 8, header, sizeof header - 1);
    memcpy(file + 8 + sizeof header - 1, data, sizeof data);
    write_bytes(in_folder("a"), file, sizeof file);
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = spk_module_create(ctx, &box_type);
    spk_tensor *a = spk_register_parameter(net, "a", SPK_SHAPE(2, 1)), *b = spk_register_buffer(net, "b", SPK_SHAPE(1));
    cr_assert(spk_load(net, in_folder("a")), "%s", spk_error(ctx));
    cr_assert(spk_data(a)[0] == 1 && spk_data(a)[1] == -2 && spk_data(b)[0] == (spk_real)0.5);

    spk_state_file *content = spk_state_file_read(ctx, in_folder("a"));
    cr_assert(spk_state_file_count(content) == 2);
    const spk_state_entry *first = spk_state_file_entry(content, 0), *found = spk_state_file_find(content, "b");
    cr_assert(strcmp(first->name, "a") == 0 && first->width == 4 && spk_shape_equal(first->shape, SPK_SHAPE(2, 1)));
    cr_assert(found == spk_state_file_entry(content, 1) && found->width == 8);
    cr_assert(!spk_state_file_entry(content, 2) && !spk_state_file_entry(content, -1) && !spk_state_file_find(content, "c"));
    spk_real out[2] = {0};
    spk_state_entry_copy(first, false, out);
    cr_assert(out[0] == 1 && out[1] == -2);
    spk_state_file_destroy(content);
    spk_ctx_destroy(ctx);
}

StateTest(saving_and_loading_keep_no_memory) {
    spk_ctx *ctx = spk_ctx_create();
    spk_module *net = net_filled(ctx);
    const size_t before = spk_memory_use(ctx).held;
    cr_assert(spk_save(net, in_folder("a")) && spk_load(net, in_folder("a")));
    cr_assert(spk_memory_use(ctx).held == before, "saving and loading keep no memory");
    spk_ctx_destroy(ctx);
}
