"""Random documents and stages of every kind: for pipeline_differential.py and record.py. All comes from R; give it a seed first."""
import datetime
import random

from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

R = random.Random(1)

dt=lambda n: datetime.datetime(2021,1,1)+datetime.timedelta(hours=7*n)
def num():
    return R.choice([0,1,2,3,-1,5,7,10,2.5,1.0,-3.5,0.1,Int64(4),Int64(2**40),Decimal128('1.5'),Decimal128('2'),float('nan') if R.random()<.05 else 3,1e10,float('inf') if R.random()<.05 else 6])
def scalar():
    r=R.random()
    if r<.45: return num()
    if r<.65: return R.choice(['a','b','B','abc','','x y'])
    if r<.72: return None
    if r<.78: return R.choice([True,False])
    if r<.86: return dt(R.randrange(6))
    if r<.90: return ObjectId('%024x'%R.randrange(4))
    return R.choice([Timestamp(5,1),MinKey(),MaxKey(),Binary(b'ab'),Regex('^a'),Timestamp(5,2)])
def val(d=2):
    r=R.random()
    if d==0 or r<.6: return scalar()
    if r<.8: return [val(d-1) for _ in range(R.randrange(4))]
    return {k:val(d-1) for k in R.sample(['x','y','z','a'],R.randrange(3))}
F=['a','b','c','d','e','f']
def doc(i):
    d={'_id':i,'g':R.choice([0,1,2,'q',None]),'n':R.choice([i,i*2,i%3,R.randrange(9),float(i)]),'t':dt(i if R.random()<.8 else R.randrange(9)),'m':num()}
    for f in F:
        if R.random()<.75: d[f]=val()
    if R.random()<.2: d.pop(R.choice(['g','n','m']))
    return d
def path(): return R.choice(['a','b','c','d','e','a.x','b.y','c.x.y','g','n','m','zz','d.0','e.z','t'])
def P(): return '$'+path()
def expr(d=2):
    r=R.random()
    if r<.55 or d==0: return P() if R.random()<.8 else {'$literal':scalar()}
    return R.choice([lambda:{'$ifNull':[expr(d-1),expr(d-1)]},lambda:{'$cond':[expr(d-1),expr(d-1),expr(d-1)]},lambda:[expr(d-1),expr(d-1)],lambda:{'$type':expr(d-1)},lambda:{'$eq':[expr(d-1),expr(d-1)]},lambda:{'$gt':[expr(d-1),expr(d-1)]},lambda:{'$add':['$n',1]},lambda:{'$isArray':[expr(d-1)]},lambda:{'x':expr(d-1),'y':expr(d-1)},lambda:'$$ROOT',lambda:{'$mergeObjects':['$a','$b']},lambda:{'$multiply':['$m',2]},lambda:{'$toString':'$n'},lambda:{'$size':{'$ifNull':['$zz',[1,2]]}}])()
def acc():
    e=expr(1)
    return R.choice([lambda:{'$sum':R.choice(['$n','$m',1,e])},lambda:{'$avg':R.choice(['$n','$m',e])},lambda:{'$min':e},lambda:{'$max':e},lambda:{'$first':e},lambda:{'$last':e},lambda:{'$push':e},lambda:{'$addToSet':e},lambda:{'$stdDevPop':R.choice(['$n','$m'])},lambda:{'$stdDevSamp':'$n'},lambda:{'$count':{}},lambda:{'$mergeObjects':R.choice(['$a','$b',{'k':e}])},lambda:{R.choice(['$firstN','$lastN','$minN','$maxN']):{'n':R.choice([1,2,3,5]),'input':e}},lambda:{R.choice(['$top','$bottom']):{'output':e,'sortBy':srt()}},lambda:{R.choice(['$topN','$bottomN']):{'n':R.choice([1,2,4]),'output':e,'sortBy':srt()}}])()
def acc2():
    a=acc()
    while isinstance(list(a.values())[0],list): a=acc()
    return a
def srt(uniq=True):
    s={}
    for _ in range(R.choice([1,1,2])): s[path()]=R.choice([1,-1])
    if uniq: s['_id']=R.choice([1,-1])
    return s
def spath():return R.choice(['a','b','c','x.y','a.x','b.x.y','new','d.z','_id','g'])
def proj():
    p={}
    k=R.random()
    for _ in range(R.choice([1,2,3])):
        f=spath()
        p[f]= (R.choice([1,True,expr(1),{'x':expr(1)} if R.random()<.3 else 1]) if k<.6 else 0)
        if isinstance(p[f],dict) and not p[f]: p[f]=1
    if R.random()<.2:p['_id']=0
    return p
def match():
    return R.choice([lambda:{path():scalar()},lambda:{'n':{'$gt':R.randrange(6)}},lambda:{path():{'$exists':R.choice([True,False])}},lambda:{'$expr':expr(1)},lambda:{'$or':[{'g':1},{'n':{'$lt':5}}]},lambda:{path():{'$type':R.choice(['number','string','array','object'])}}])()
def win():
    r=R.random()
    if r<.25: return None
    if r<.7:
        lo=R.choice(['unbounded','current',-3,-1,0,1]); hi=R.choice(['unbounded','current',2,1,0,-1])
        return {'documents':[lo,hi]}
    if r<.9: return {'range':[R.choice(['unbounded','current',-2,-1.5,0]),R.choice(['unbounded','current',0,1,2.5])]}
    return {'range':[R.choice(['unbounded',-1,0]),R.choice(['current',1,2])],'unit':R.choice(['day','hour','week','month'])}
def wfn():
    w=win()
    def ww(d):
        if w: d['window']=w
        return d
    return R.choice([lambda:ww({R.choice(['$sum','$avg','$min','$max','$push','$first','$last','$addToSet']):R.choice(['$n','$m','$g',expr(1)])}),lambda:ww({R.choice(['$stdDevPop','$stdDevSamp']):R.choice(['$n','$m'])}),lambda:ww({'$count':{}}),lambda:ww({R.choice(['$covariancePop','$covarianceSamp']):['$n','$m']}),lambda:ww({R.choice(['$firstN','$lastN','$minN','$maxN']):{'n':2,'input':'$m'}}),lambda:ww({'$top':{'output':'$n','sortBy':{'m':1,'_id':1}}}),lambda:ww({'$bottomN':{'n':2,'output':['$n','$a'],'sortBy':{'m':1,'_id':-1}}}),lambda:{R.choice(['$rank','$denseRank','$documentNumber']):{}},lambda:{'$shift':{'output':P(),'by':R.choice([-2,-1,0,1,3]),'default':R.choice([None,'zz',5])}},lambda:{'$shift':{'output':P(),'by':1}},lambda:ww({'$derivative':dict({'input':'$n'},**({'unit':'hour'} if R.random()<.5 else {}))}),lambda:ww({'$integral':dict({'input':'$n'},**({'unit':'day'} if R.random()<.5 else {}))}),lambda:{'$expMovingAvg':R.choice([{'input':'$m','N':3},{'input':'$n','alpha':0.3}])},lambda:{'$locf':R.choice(['$a','$m','$g'])},lambda:{'$linearFill':R.choice(['$m','$n','$a'])}])()
def swf():
    s={}
    if R.random()<.6: s['partitionBy']=R.choice(['$g','$g',{'$type':'$a'},{'x':'$g'},None,'$n'])
    if R.random()<.9: s['sortBy']=R.choice([{'n':1,'_id':1},{'_id':1},{'n':1},{'t':1},{'_id':-1},{'t':1,'_id':1},{'m':-1,'_id':1}]) 
    s['output']={}
    for _ in range(R.choice([1,1,2])): s['output'][R.choice(['o','o2','a.k','c','p.q'])]=wfn()
    if 'sortBy' in s and s['sortBy'] in ({'n':1},{'t':1}) : pass
    return s
def dens():
    k=R.random()
    if k<.5:
        r={'step':R.choice([1,2,0.5,Int64(1)]),'bounds':R.choice(['full','full',[0,5],[2,8],[1,3],[-2,2],[0.5,3.5],'partition'])}
        f=R.choice(['n','n','m','p.q'])
    else:
        r={'step':R.choice([1,2,6]),'unit':R.choice(['hour','day','hour','month']),'bounds':R.choice(['full',[dt(0),dt(3)],[dt(1),dt(9)],'partition'])}
        f='t'
        if r['unit']=='hour' and r['step']<6:r['step']=R.choice([3,5,7])
    s={'field':f,'range':r}
    if R.random()<.5 or r['bounds']=='partition': s['partitionByFields']=R.choice([['g'],['g'],['a.x'],['g','e']])
    return s
def fill():
    s={'output':{}}
    if R.random()<.8: s['sortBy']=R.choice([{'_id':1},{'n':1,'_id':1},{'t':1},{'_id':-1}])
    k=R.random()
    if k<.3:s['partitionByFields']=['g']
    elif k<.5:s['partitionBy']={'x':'$g'}
    for _ in range(R.choice([1,2])): s['output'][R.choice(['a','m','g','zz','a.x'])]=R.choice([{'method':'locf'},{'method':'linear'},{'value':R.choice([5,'$n',{'$add':['$n',1]}])}])
    return s
def sub():
    return [stage(R.choice(['$match','$project','$addFields','$limit','$unwind','$group','$sort'])) for _ in range(R.choice([0,1,1,2]))]
def flat(ls): 
    o=[]
    for x in ls:
        o+= x if isinstance(x,list) else [x]
    return o
GS={'$sort':{'_id':1}}
def stage(k=None):
    k=k or R.choice(ALL)
    if k=='$match': return {k:match()}
    if k=='$project': return {k:proj()}
    if k in('$addFields','$set'): return {k:{f:expr() for f in dict.fromkeys(spath() for _ in range(R.choice([1,2])))}}
    if k=='$unset': return {k:R.choice([spath(),[spath(),spath()]])}
    if k=='$replaceRoot': return {k:{'newRoot':R.choice([{'$ifNull':['$a',{'q':1}]},{'x':P(),'_id':'$_id'},{'$mergeObjects':['$$ROOT',{'k':P()}]},'$b',{'$mergeObjects':[{'_id':'$_id'},'$a']}])}}
    if k=='$replaceWith': return {k:R.choice([{'x':P(),'_id':'$_id'},{'$mergeObjects':[{'_id':'$_id'},'$c']}])}
    if k=='$group':
        g={'_id':R.choice([None,'$g',P(),{'x':P()},{'x':P(),'y':P()},expr(1),'$g','$n'])}
        for i in range(R.choice([0,1,2,2])): g['r%d'%i]=acc2()
        return [{k:g},dict(GS)]
    if k=='$sort': return {k:srt()}
    if k=='$limit': return {k:R.choice([1,3,5,100])}
    if k=='$skip': return {k:R.choice([0,1,3,100])}
    if k=='$count': return {k:R.choice(['n','a'])}
    if k=='$unwind': return {k:R.choice([P(),{'path':P(),'preserveNullAndEmptyArrays':R.choice([True,False])},{'path':P(),'includeArrayIndex':R.choice(['i','a.i','b']),'preserveNullAndEmptyArrays':R.choice([True,False])}])}
    if k=='$sortByCount': return [{k:R.choice([P(),'$g'])},{'$sort':{'count':1,'_id':1}}]
    if k=='$bucket':
        b={'groupBy':R.choice(['$n','$n',P(),{'$add':['$n',1]}]),'boundaries':R.choice([[0,3,8],[0,5],[-1,0.5,4,9],['a','b']])}
        if R.random()<.7:b['default']=R.choice(['zz',-5,100,None])
        if R.random()<.5:b['output']={'r':acc2()}
        return {k:b}
    if k=='$bucketAuto':
        b={'groupBy':R.choice(['$n',P(),'$m']),'buckets':R.choice([1,2,3,5])}
        if R.random()<.5:b['output']={'r':acc2()}
        if R.random()<.3:b['granularity']=R.choice(['R5','R10','R20','R40','R80','1-2-5','E6','E12','E24','E48','E96','E192','POWERSOF2'])
        return {k:b}
    if k=='$facet': return {k:{n:flat(sub()) for n in R.sample(['u','v','w'],R.choice([1,2]))}}
    if k=='$lookup':
        l={'from':R.choice(['c','o','o']),'as':R.choice(['r','a','b.q','r.s'])}
        m=R.random()
        if m<.6: l['localField']=path(); l['foreignField']=R.choice([path(),path(),'_id'])
        if m>.4:
            l['pipeline']=flat(sub())
            if R.random()<.5:
                l['let']={'v':expr(1)}; l['pipeline']=[{'$match':{'$expr':{'$eq':['$$v',P()]}}}]+l['pipeline'] if R.random()<.6 else l['pipeline']+[{'$addFields':{'lv':'$$v'}}]
        o=[{k:l}]
        if R.random()<.3:o.append({'$unwind':R.choice(['$'+l['as'],{'path':'$'+l['as'],'preserveNullAndEmptyArrays':True},{'path':'$'+l['as'],'includeArrayIndex':'ii'}])})
        return o
    if k=='$graphLookup':
        l={'from':R.choice(['c','o']),'as':R.choice(['r','a']),'startWith':expr(1),'connectFromField':path(),'connectToField':R.choice([path(),'_id','n'])}
        if R.random()<.3:l['maxDepth']=R.randrange(3)
        if R.random()<.3:l['depthField']=R.choice(['dd','a.dd'])
        if R.random()<.2:l['restrictSearchWithMatch']=match()
        if '$expr' in l.get('restrictSearchWithMatch',{}): l.pop('restrictSearchWithMatch')
        return {k:l}
    if k=='$unionWith': return {k:R.choice(['o',{'coll':'o','pipeline':flat(sub())}])}
    if k=='$redact': return {k:R.choice(['$$KEEP','$$DESCEND',{'$cond':[{'$eq':[{'$type':'$x'},'missing']},'$$DESCEND','$$PRUNE']},{'$cond':[expr(1),'$$DESCEND','$$KEEP']},{'$cond':[{'$gt':['$x',1]},'$$KEEP','$$DESCEND']}])}
    if k=='$setWindowFields': return {k:swf()}
    if k=='$densify': return {k:dens()}
    if k=='$fill': return {k:fill()}
    raise Exception(k)
ALL=['$match','$project','$addFields','$set','$unset','$replaceRoot','$replaceWith','$group','$group','$sort','$limit','$skip','$count','$unwind','$sortByCount','$bucket','$bucketAuto','$facet','$lookup','$lookup','$graphLookup','$unionWith','$redact','$setWindowFields','$setWindowFields','$densify','$fill']
