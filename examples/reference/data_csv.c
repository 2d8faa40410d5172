#include "reference.h"
#include <spiketape.h>

/* The first four flowers of a well-known table. */
static void write_table(const char *path) {
    FILE *file = fopen(path, "w");
    CHECK(file);
    fputs("sepal length,sepal width,petal length,petal width,species\n5.1,3.5,1.4,0.2,setosa\n7.0,3.2,4.7,1.4,versicolor\n", file);
    fputs("6.3,3.3,6.0,2.5,virginica\n4.9,3.0,1.4,0.2,setosa\n", file);
    fclose(file);
}

int main(void) {
    spk_ctx *ctx = spk_ctx_create();
    write_table("iris.csv");
    {
        //! [spk_dataset_csv]
        spk_dataset *d = spk_dataset_csv(ctx, "iris.csv", .label = "species", .batch = 10, .shuffle = true);
        CHECK(d && spk_dataset_classes(d) == 3); /* or spk_error(ctx) names the line and the column */
        CHECK(spk_dataset_label(d, 1) == 1);     /* versicolor: the names are sorted */
        //! [spk_dataset_csv]
    }
    {
        //! [spk_csv_options]
        spk_csv_opts options = spk_csv_options(); /* in C++, where there are no keywords */
        options.label = "species";
        CHECK(spk_dataset_csv_with(ctx, "iris.csv", options));
        //! [spk_csv_options]
    }
    remove("iris.csv");
    CHECK(!spk_failed(ctx));
    spk_ctx_destroy(ctx);
    return 0;
}
