/* few.h: how many inputs few.c takes, whose means and covariances are worth having. */
#ifndef BNC_FEW_H
#define BNC_FEW_H

enum { FEW = 4, MOMENTS = FEW + FEW * FEW };    /* a mean each, and a covariance of each two */

#endif
