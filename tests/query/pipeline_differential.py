#!/usr/bin/env python3
"""Random pipelines of every stage, run by pipeline_driver and by a real mongod 6.0.27; prints what differs.

    pipeline_differential.py DRIVER URI SEED COUNT [$stage,$stage..]

The server's database `q4` is written to. Orders that mongod itself does not define ($group, $addToSet, ..) are compared as sets; what is
shown of the input document in the message of error 40228 is not compared. Exits 1 when something differed.
"""
import collections
import datetime
import json
import random
import struct
import subprocess
import sys
import time

import bson
import pymongo
from bson import json_util
from bson.son import SON
from bson.raw_bson import RawBSONDocument
from bson.codec_options import CodecOptions
RAW=CodecOptions(document_class=RawBSONDocument)
db=pymongo.MongoClient(sys.argv[2]).q4
class Drv:
    def __init__(s,path=sys.argv[1]): s.path=path; s.start()
    def start(s): s.p=subprocess.Popen([s.path],stdin=subprocess.PIPE,stdout=subprocess.PIPE)
    def ask(s,req):
        b=bson.encode(req); s.p.stdin.write(b); s.p.stdin.flush()
        h=s.p.stdout.read(4)
        if len(h)<4: rc=s.p.wait(); s.start(); return ('CRASH',rc)
        n=struct.unpack('<i',h)[0]; r=bson.decode(h+s.p.stdout.read(n-4),RAW)
        if r['ok']==1: return ('D',[bytes(x.raw) for x in r['docs']])
        return ('E',r['code'],r['errmsg'])
drv=Drv()
last=None
D=[{'_id':1,'a':1,'b':{'c':2,'d':[1,2,{'e':3}]},'s':'x','arr':[1,2,3,4]}]
def truth(docs,pipe,others={},**k):
    global last
    key=(id(docs),id(others))
    if last!=key:
        last=key
        db.c.drop()
        if docs: db.c.insert_many(docs,bypass_document_validation=True)
        for n,d in others.items():
            db[n].drop()
            if d: db[n].insert_many(d)
    try: r=db.command(SON([('aggregate','c'),('pipeline',pipe),('cursor',{'batchSize':100000})]+list(k.items())),codec_options=RAW)
    except pymongo.errors.OperationFailure as e: return ('E',e.code,(e.details or {}).get('errmsg'))
    return ('D',[bytes(x.raw) for x in r['cursor']['firstBatch']])
stat=collections.Counter()
UNORD=('$group','$sortByCount','$bucket','$graphLookup','$sample','$addToSet','$setUnion','$setDifference')
def show(x): return [json_util.dumps(bson.decode(d),json_options=json_util.CANONICAL_JSON_OPTIONS) for d in x[1]][:6] if x[0]=='D' else x
def norm(v):
    if isinstance(v,dict): return ('o',)+tuple((k,norm(x)) for k,x in v.items())
    if isinstance(v,list): return ('a',)+tuple(sorted((norm(x) for x in v),key=repr))
    return (type(v).__name__,repr(v))
def A(*p,docs=None,others={},quiet=True,**k):
    docs=D if docs is None else docs
    pipe=list(p)
    t=truth(docs,pipe,others,**k)
    req=SON([('colls',dict({'c':docs},**others)),('pipeline',pipe)]);
    if 'collation' in k: req['collation']=k['collation']
    o=drv.ask(req)
    cut=lambda x: (x[0],x[1],x[2].split('Input document:')[0]) if x[0]=='E' else x
    if t==o: stat['same']+=1; return True
    if o[0]=='E' and o[1]==5897900: stat['big']+=1; return True
    if t[0]=='E' and o[0]=='E' and cut(t)==cut(o): stat['input doc']+=1; return True
    txt=json_util.dumps(pipe)
    if 'partitionByFields' in txt and '$densify' in txt: txt+='$group'
    if t[0]=='D' and o[0]=='D':
        if sorted(t[1])==sorted(o[1]) and any(u in txt for u in UNORD): stat['order']+=1; return True
        if any(u in txt for u in UNORD) and sorted(map(repr,(norm(bson.decode(x)) for x in t[1])))==sorted(map(repr,(norm(bson.decode(x)) for x in o[1]))): stat['inner order']+=1; return True
    stat['DIFF']+=1
    print('DIFF',json_util.dumps(pipe)[:700]); print('   docs  ',json_util.dumps(docs)[:300]) if docs is not D else None
    print('   mongod',str(show(t))[:1500]); print('   ours  ',str(show(o))[:1500])
    return False
from bson import Int64,Decimal128,ObjectId,Regex,Timestamp,MinKey,MaxKey,Binary
seed=int(sys.argv[3]); count=int(sys.argv[4]); only=sys.argv[5].split(',') if len(sys.argv)>5 else None
import pipeline_generator
from pipeline_generator import R, doc, flat
stage=lambda k=None: pipeline_generator.stage(k or R.choice(ALL))
pipeline_generator.R.seed(seed); ALL=only or pipeline_generator.ALL
t0=time.time(); docs=None
for i in range(count):
    if i%60==0: docs=[doc(j) for j in range(R.choice([0,5,12,12,14]))]; oth={'o':[doc(j) for j in range(8)]}
    n=R.choice([1,1,2,2,3]) if not only else 1
    pre=[stage(R.choice(['$match','$addFields','$unwind','$sort','$project','$limit'])) for _ in range(R.choice([0,0,1]))] if only else []
    p=flat(pre+[stage() for _ in range(n)])
    k={}
    if R.random()<.08: k['collation']={'locale':'en','strength':2}
    try: A(*p,docs=docs,others=oth,**k)
    except Exception as ex: print('EXC',type(ex),str(ex)[:200],json_util.dumps(p)[:300])
print('seed',seed,stat,round(time.time()-t0))
sys.exit(1 if stat['DIFF'] else 0)
