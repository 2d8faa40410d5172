# The libraries that the system provides. Each missing one is named with the way to install it.

find_package(PkgConfig)
if(NOT PkgConfig_FOUND)
    message(FATAL_ERROR "pkg-config is missing. Install it (Debian, Ubuntu: apt-get install pkg-config), or run scripts/deps.")
endif()

function(spk_require prefix module what debian fedora arch alpine brew)
    pkg_check_modules(${prefix} IMPORTED_TARGET GLOBAL ${module})
    if(NOT ${prefix}_FOUND)
        message(FATAL_ERROR "${what} is missing (pkg-config: ${module}). Run scripts/deps, or install it: apt-get install ${debian} | "
            "dnf install ${fedora} | pacman -S ${arch} | apk add ${alpine} | brew install ${brew}")
    endif()
endfunction()

spk_require(OPENBLAS openblas "OpenBLAS" libopenblas-dev openblas-devel openblas openblas-dev openblas)
spk_require(CJSON libcjson "cJSON" libcjson-dev cjson-devel cjson cjson-dev cjson)
# Only stb's headers are used, and not every system has a pkg-config file for them.
find_path(SPK_STB_INCLUDE stb_image.h PATH_SUFFIXES stb)
if(NOT SPK_STB_INCLUDE)
    message(FATAL_ERROR "stb_image.h is missing. Run scripts/deps, or install it: apt-get install libstb-dev | dnf install "
        "stb_image-devel | pacman -S stb | apk add stb | brew install stb.")
endif()
add_library(spk_stb INTERFACE)
target_include_directories(spk_stb SYSTEM INTERFACE ${SPK_STB_INCLUDE})
if(SPK_TESTS)
    spk_require(CRITERION criterion "Criterion" libcriterion-dev criterion-devel criterion criterion-dev criterion)
endif()

find_package(ZLIB)
if(NOT ZLIB_FOUND)
    message(FATAL_ERROR "zlib is missing. Run scripts/deps, or install it: apt-get install zlib1g-dev | dnf install zlib-devel | "
        "pacman -S zlib | apk add zlib-dev | brew install zlib")
endif()

add_library(spk_blas INTERFACE)
target_link_libraries(spk_blas INTERFACE PkgConfig::OPENBLAS)

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
add_library(spk_threads INTERFACE)
target_link_libraries(spk_threads INTERFACE Threads::Threads)
