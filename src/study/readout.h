/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the ledgers of a settled machine to a const result. */
#ifndef COSTOP_STUDY_READOUT_H
#define COSTOP_STUDY_READOUT_H

#include "guest/guest.h"
#include "hv/hv.h"
#include "study/batches.h"
#include "study/result.h"

/* Fills everything but status, message and replication. */
struct run_result *readout(const struct scenario *scenario, const struct hv *hv,
                           const struct guest *guest, const struct batches *batches,
                           struct arena *arena);

#endif
