/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "property/relations.h"

int main(int argc, char **argv) { return relations_main(argc, argv, 300); }
